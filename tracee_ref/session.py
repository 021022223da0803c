# SPDX-License-Identifier: Apache-2.0
"""One run of the tracer, from its plan to the exit status."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from types import MappingProxyType
from typing import Final

from .accounting import Account
from .clocks import EventClock
from .command import Command
from .decode.records import RecordDecoder, View
from .derivation.backlog import Backlog
from .derivation.stage import Derivation
from .errors import HostCode, HostError
from .events.catalogue import EXISTING_CONTAINER, INIT_NAMESPACES
from .events.event import TraceEvent
from .existing_containers import existing_containers, init_namespaces
from .field_filters import FieldFilters
from .kernel.seed.limits import FIRST_SECONDS, until
from .kernel.tracer import KernelTracer
from .messages import STDERR_FD, log
from .model.scope import Key, Op, Scope
from .output.columns import Containers
from .output.fast.lines import fast_lines
from .output.flags import OutputPlan
from .output.json_lines import JsonPrinter
from .output.printer import Printer
from .output.sinks import open_sinks
from .output.table import TablePrinter
from .output.writer import PATIENCE_SECONDS, QUEUE_BYTES_MIN, Sink, end_outputs
from .pipeline import Pipeline
from .privileges import check_host, check_plan, warnings
from .run_plan import MIB_BYTES, RunOptions, RunPlan, plan_run
from .signals import EndSignals
from .signatures.plugins import Plugins
from .symbols.rules import SymbolRule
from .symbols.watched import without_settings

INCOMPLETE: Final = 125
"""Exit status of a run whose outputs do not have all lines; env(1) and others fail with it."""

QUEUE_FACTOR: Final = 2
"""Lines that wait for an output, relative to the ring buffer: they are longer than records."""

WAIT_SECONDS: Final = 0.1

CONTAINERS_SECONDS: Final = 5.0
"""Time for the events of existing containers: the ring buffer is not read meanwhile."""

ENVIRONMENT_ARGUMENTS: Final = MappingProxyType({"sched_process_exec": "env"})
"""Arguments, by event, that are output only with the option ``exec-env``."""


def run_session(options: RunOptions, signals: EndSignals) -> int:
    """Trace until the command ends; without a command, until a signal.

    Returns the exit status.  Raises HostError if this host cannot trace, CommandError if the
    command cannot be started.
    """
    check_host()
    with ExitStack() as stack:
        targets = options.outputs.targets
        printers = [printer_of(options.outputs, t.format, options.scopes) for t in targets]
        limit = max(QUEUE_BYTES_MIN, QUEUE_FACTOR * options.buffer * MIB_BYTES)
        paths, scopes = [target.path for target in targets], scopes_mask(options.scopes)
        opened = open_sinks(paths, options.outputs.mode, limit, scopes)
        sinks = [*zip(printers, opened, strict=True)]
        command = Command(options.command, signals.inherited) if options.command else None
        plan = plan_run(options)
        check_plan(plan)
        stack.callback(plan.plugins.close)
        plan.plugins.start(scopes)
        tracer = KernelTracer(plan.kernel, command.pid if command else None, plan.plugins.pids)
        stack.callback(tracer.close)
        clock = EventClock(relative="relative-time" in options.outputs.options)
        view = View(clock.offset, symbolic="parse-arguments" in options.outputs.options)
        derivation = derivation_of(plan)
        pipeline = pipeline_of(plan, view, clock, derivation, sinks, hurry=signals.hurry)
        pipeline.is_filling = tracer.is_filling
        end = EndOfRun(signals, command)
        start_events = 0
        try:
            pipeline.begin()
            tracer.attach()
            tracer.start()
            for line in [*warnings(plan), *unread_text(tracer)]:
                log(line)
            signals.begin(end.pass_on)
            log("tracing")
            for event in events_at_start(plan, view, tracer):
                pipeline.print_derived(event)
                start_events += 1
            if command:
                command.release()
            pipeline.follow(tracer, end.reached, command.fileno() if command else None)
            tracer.stop()
            pipeline.drain(tracer)
            for event in derivation.finish():
                pipeline.print_derived(event)
            if pipeline.unread():
                end.wait()
        finally:
            end.write_rest([sink for _, sink in sinks])
        account = Account(
            kernel=tracer.counters(),
            records=pipeline.records,
            derived=pipeline.derived,
            derived_count=count_derived(plan, derivation, start_events),
            missed=tracer.missed(),
            underived=pipeline.backlog.dropped,
            lost_packets=tracer.lost_packets(),
            lost_by_scope=tracer.lost_by_scope(),
            ended_early=signals.hurry(),
        )
        # The account has the number of dropped events; the first error shows the cause.
        incomplete = [line for _, sink in sinks for line in sink.summary()]
        for line in [
            *account.lines(),
            *incomplete,
            *options.signatures.summaries(),
            *{summary for rule in symbol_rules(plan) if (summary := rule.symbols.summary())},
            *pipeline.errors[:1],
        ]:
            log(line)
    return end.status(incomplete=bool(incomplete))


class EndOfRun:
    """End of a run: the exit of its command; without a command, a signal."""

    def __init__(self, signals: EndSignals, command: Command | None) -> None:
        self._signals = signals
        self._command = command

    def pass_on(self, number: int, by_kernel: bool) -> None:
        """Send a signal to the command."""
        if self._command:
            self._command.pass_on(number, by_kernel)

    def reached(self) -> bool:
        """Return whether the run ends."""
        if self._command:
            return self._command.exit_status() is not None or self._signals.hurry()
        return self._signals.received > 0

    def wait(self) -> None:
        """Wait for the end of a command that is no longer traced."""
        if self._command and not self.reached():
            log("all outputs have failed: tracing has ended, the command goes on")
            while not self.reached():
                select.select([self._command], [], [], WAIT_SECONDS)

    def write_rest(self, sinks: Sequence[Sink]) -> None:
        """Wait for the outputs, until a signal comes.

        On a terminal there is no other limit: the reader may be a pager.
        """
        before = self._signals.received
        patience = math.inf if os.isatty(STDERR_FD) else PATIENCE_SECONDS
        end_outputs(
            sinks, lambda: self._signals.hurry() or self._signals.received > before, patience
        )

    def status(self, *, incomplete: bool) -> int:
        """Return the exit status; report the command's if it is another."""
        exited = self._command.exit_status() if self._command else None
        status = exited or 0
        if self._signals.hurry():
            if self._command and exited is None:
                log(f"the command goes on, as process {self._command.pid}")
            return self._signals.status
        if incomplete and self._command:
            log(
                f"the command exited with {status}; {INCOMPLETE} is for an output without all lines"
            )
        return INCOMPLETE if incomplete else status


def derivation_of(plan: RunPlan) -> Derivation:
    """Return the derivation stage.

    It removes the ``env`` argument of an exec that is recorded only because a signature reads it.
    """
    hidden = {} if plan.needs.exec_env else ENVIRONMENT_ARGUMENTS
    signatures = plan.options.signatures
    for rule in symbol_rules(plan):
        rule.watch(plan.scopes)
    return Derivation(plan.selected, signatures.events, signatures.rules, hidden)


def symbol_rules(plan: RunPlan) -> list[SymbolRule]:
    """Return the derivations of symbols events."""
    rules = (rule.derive for rule in plan.options.signatures.rules.values())
    return [derive for derive in rules if isinstance(derive, SymbolRule)]


def events_at_start(plan: RunPlan, view: View, tracer: KernelTracer) -> Iterator[TraceEvent]:
    """Yield the events about what existed before tracing; HostError if /proc is unreadable."""
    offset = view.clock_offset
    try:
        if INIT_NAMESPACES in plan.at_start:
            yield from init_namespaces(plan.scopes, offset)
        if EXISTING_CONTAINER in plan.at_start:
            deadline = time.monotonic() + CONTAINERS_SECONDS
            directories = until(deadline, tracer.containers_before())
            yield from existing_containers(directories, plan.scopes, offset)
            if time.monotonic() >= deadline:
                log(
                    f"not all containers were read within {CONTAINERS_SECONDS:.0f} s: the others"
                    f" have no {EXISTING_CONTAINER}"
                )
    except PermissionError as error:
        raise HostError(
            HostCode.PROCFS,
            f"{' and '.join(sorted(plan.at_start))}: {error.filename} cannot be read"
            f" ({error.strerror}); grant CAP_SYS_PTRACE, or do not select the event",
        ) from error


def unread_text(tracer: KernelTracer) -> Iterator[str]:
    """Yield the warnings about what of /proc was not read, in time or at all."""
    if tracer.unread:
        yield (
            f"{tracer.unread} processes were not read within {FIRST_SECONDS:.0f} s: filters on"
            " binary and tree do not know them, nor their children, whose events count as unknown"
        )
    if not tracer.sockets_read:
        yield (
            f"not all sockets were read within {FIRST_SECONDS:.0f} s: the packets of the others"
            " have no events until a process uses the socket"
        )
    if files := tracer.unreadable:
        yield (
            f"the programs of {len(files)} processes cannot be read, such as {min(files)}:"
            " filters on binary do not know them, nor their children, until they execute another"
        )


def count_derived(plan: RunPlan, derivation: Derivation, start_events: int) -> int | None:
    """Return the number of events made in user space, None if the run makes none."""
    return derivation.derived_count + start_events if derivation.bases or plan.at_start else None


def scopes_mask(scopes: Sequence[Scope]) -> int:
    """Return the mask of scopes."""
    return sum(scope.bit for scope in scopes)


def printer_of(plan: OutputPlan, name: str, scopes: Sequence[Scope]) -> Printer:
    """Return the printer of an output format."""
    if name == "json":
        return JsonPrinter()
    return TablePrinter(
        verbose=name == "table-verbose",
        containers=Containers.CONTAINERS if selects_containers(scopes) else Containers.PLAIN,
        relative_time="relative-time" in plan.options,
    )


def selects_containers(scopes: Sequence[Scope]) -> bool:
    """Return whether a scope filters on containers: tables have their columns then.

    See docs/design/tracee-v0.12-facts.md, 4.2.
    """
    return any(
        Key.CONTAINER in scope.process
        or any(condition.op is Op.EQ for condition in scope.process.get(Key.IN_CONTAINER, ()))
        for scope in scopes
    )


def pipeline_of(
    plan: RunPlan,
    view: View,
    clock: EventClock,
    derivation: Derivation,
    sinks: Sequence[tuple[Printer, Sink]],
    *,
    hurry: Callable[[], bool],
) -> Pipeline:
    """Return the pipeline from records to the outputs; ``hurry`` asks for its end at once."""
    events = plan.options.signatures.events  # all that can be selected, signatures included
    filters = FieldFilters(
        without_settings(plan.scopes),
        symbolic=view.symbolic,
        events=events,
        also_raw=derivation.raw_events,
    )
    decoder = RecordDecoder(view, raw_events=filters.raw_events, catalogue=events)
    fast = fast_lines(decoder, [printer for printer, _ in sinks], view, filters.raw_events)
    return Pipeline(
        decoder,
        sinks,
        match_fields=filters.apply if filters.raw_events else None,
        derive=derivation if derivation.bases else None,
        later=partial(plugin_findings, plan.plugins, derivation, hurry) if plan.plugins else None,
        fast=fast,
        hurry=hurry,
        clock=clock,
        set_offset=[decoder.set_offset, *(lines.set_offset for lines in fast)],
        backlog=Backlog(derivation.selected_bases(), derivation.strip),
    )


def plugin_findings(
    plugins: Plugins, derivation: Derivation, hurry: Callable[[], bool], end: bool
) -> Iterator[TraceEvent]:
    """Yield the events of the findings that plug-ins sent, and of all others at the end."""
    for name, base, values in plugins.finish(hurry) if end else plugins.findings():
        yield from derivation.later(name, base, values)
