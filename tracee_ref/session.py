# SPDX-License-Identifier: Apache-2.0
"""One run of the tracer, from its plan to the exit status."""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from types import MappingProxyType
from typing import Final

from .accounting import Account
from .clocks import EventClock
from .command import Command, default_sigchld
from .decode.records import RecordDecoder, View
from .derivation.backlog import Backlog
from .derivation.stage import Derivation
from .errors import HostCode, HostError, log
from .events.catalogue import EXISTING_CONTAINER, INIT_NAMESPACES
from .events.event import TraceEvent
from .existing_containers import existing_containers, init_namespaces
from .field_filters import FieldFilters
from .kernel.tracer import KernelTracer
from .model.scope import Key, Op, Scope
from .output.columns import Containers
from .output.fast.lines import fast_lines
from .output.flags import OutputPlan
from .output.json_lines import JsonPrinter
from .output.printer import Printer
from .output.sinks import OutputClosed, Sink, open_sinks
from .output.table import TablePrinter
from .pipeline import Pipeline
from .privileges import check_host, check_plan, warnings
from .run_plan import RunOptions, RunPlan, plan_run
from .signatures.plugins import Plugins

ENVIRONMENT_ARGUMENTS: Final = MappingProxyType({"sched_process_exec": "env"})
"""Arguments, by event, that are output only with the option ``exec-env``."""


def run_session(options: RunOptions) -> int:
    """Trace until the command ends; without a command, until SIGINT, SIGTERM or SIGHUP.

    Returns the exit status.  Raises HostError if this host cannot trace, CommandError if the
    command cannot be started.
    """
    check_host()
    sigchld_ignored = default_sigchld()  # which the command gets back
    with ExitStack() as stack:
        targets = options.outputs.targets
        printers = [printer_of(options.outputs, t.format, options.scopes) for t in targets]
        opened = open_sinks([target.path for target in targets], options.outputs.mode)
        sinks = [*zip(printers, opened, strict=True)]
        command = (
            Command(options.command, sigchld_ignored=sigchld_ignored) if options.command else None
        )
        stop = StopCondition(command)
        plan = plan_run(options)
        check_plan(plan)
        stack.callback(plan.plugins.close)
        plan.plugins.start()
        tracer = KernelTracer(plan.kernel, command.pid if command else None, plan.plugins.pids)
        stack.callback(tracer.close)
        clock = EventClock(relative="relative-time" in options.outputs.options)
        view = View(clock.offset, symbolic="parse-arguments" in options.outputs.options)
        derivation = derivation_of(plan)
        pipeline = pipeline_of(plan, view, clock, derivation, sinks)
        try:
            pipeline.begin()
            tracer.attach()
            tracer.start()
            for line in [*warnings(plan), *unreadable_text(tracer.unreadable)]:
                log(line)
            log("tracing")
            start_events = 0
            for event in events_at_start(plan, view, tracer):
                pipeline.print_derived(event)
                start_events += 1
            if command:
                command.release()
            pipeline.follow(tracer, stop.reached, command.fileno() if command else None)
            tracer.stop()
            pipeline.drain(tracer)
            for event in derivation.finish():
                pipeline.print_derived(event)
            close_all(sinks)
        except OutputClosed:
            # The reader of an output closed it: no error, as `head` and other commands expect.
            return (command.exit_status() or 0) if command else 0
        account = Account(
            kernel=tracer.counters(),
            records=pipeline.records,
            derived=pipeline.derived,
            derived_count=count_derived(plan, derivation, start_events),
            missed=tracer.missed(),
            underived=pipeline.backlog.dropped,
        )
        # The account has the number of dropped events; the first error shows the cause.
        for line in [*account.lines(), *options.signatures.summaries(), *pipeline.errors[:1]]:
            log(line)
    status = command.exit_status() if command else 0
    return status or 0


class StopCondition:
    """End of a run: the exit of its command; without a command, a signal.

    SIGTERM and SIGHUP are passed on to the command.  SIGINT is not, since the terminal sends it to
    the command itself.
    """

    def __init__(self, command: Command | None) -> None:
        self._command = command
        self._signalled = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup(1) leaves it
            signal.signal(signal.SIGHUP, self._on_signal)

    def reached(self) -> bool:
        """Return whether the run ends."""
        if self._command:
            return self._command.exit_status() is not None
        return self._signalled

    def _on_signal(self, number: int, _frame: object) -> None:
        self._signalled = True
        if self._command and number != signal.SIGINT:
            self._command.signal(number)


def derivation_of(plan: RunPlan) -> Derivation:
    """Return the derivation stage.

    It removes the ``env`` argument of an exec that is recorded only because a signature reads it.
    """
    hidden = {} if plan.needs.exec_env else ENVIRONMENT_ARGUMENTS
    signatures = plan.options.signatures
    return Derivation(plan.selected, signatures.events, signatures.rules, hidden)


def events_at_start(plan: RunPlan, view: View, tracer: KernelTracer) -> Iterator[TraceEvent]:
    """Yield the events about what existed before tracing; HostError if /proc is unreadable."""
    offset = view.clock_offset
    try:
        if INIT_NAMESPACES in plan.at_start:
            yield from init_namespaces(plan.scopes, offset)
        if EXISTING_CONTAINER in plan.at_start:
            yield from existing_containers(tracer.containers_before(), plan.scopes, offset)
    except PermissionError as error:
        raise HostError(
            HostCode.PROCFS,
            f"{' and '.join(sorted(plan.at_start))}: {error.filename} cannot be read"
            f" ({error.strerror}); grant CAP_SYS_PTRACE, or do not select the event",
        ) from error


def unreadable_text(files: Collection[str]) -> Iterator[str]:
    """Yield the warning about processes whose program is unknown, if there are any."""
    if files:
        yield (
            f"the programs of {len(files)} processes cannot be read, such as {min(files)}:"
            " filters on binary do not know them, nor their children, until they execute another"
        )


def count_derived(plan: RunPlan, derivation: Derivation, start_events: int) -> int | None:
    """Return the number of events made in user space, None if the run makes none."""
    return derivation.derived_count + start_events if derivation.bases or plan.at_start else None


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
) -> Pipeline:
    """Return the pipeline from records to the outputs."""
    events = plan.options.signatures.events  # all that can be selected, signatures included
    filters = FieldFilters(
        plan.scopes, symbolic=view.symbolic, events=events, also_raw=derivation.raw_events
    )
    decoder = RecordDecoder(view, raw_events=filters.raw_events)
    fast = fast_lines(decoder, [printer for printer, _ in sinks], view, filters.raw_events)
    return Pipeline(
        decoder,
        sinks,
        match_fields=filters.apply if filters.raw_events else None,
        derive=derivation if derivation.bases else None,
        later=partial(plugin_findings, plan.plugins, derivation) if plan.plugins else None,
        fast=fast,
        clock=clock,
        set_offset=[decoder.set_offset, *(lines.set_offset for lines in fast)],
        backlog=Backlog(derivation.selected_bases(), derivation.strip),
    )


def plugin_findings(plugins: Plugins, derivation: Derivation, end: bool) -> Iterator[TraceEvent]:
    """Yield the events of the findings that plug-ins sent, and of all others at the end."""
    for name, base, values in plugins.finish() if end else plugins.findings():
        yield from derivation.later(name, base, values)


def close_all(sinks: Sequence[tuple[Printer, Sink]]) -> None:
    """Flush and close all outputs."""
    for _, sink in sinks:
        sink.close()
