"""One run of the tracer, from the flags to the exit status."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.scope import Key, Op, Scope

from .accounting import Account
from .command import Command
from .decode.records import RecordDecoder, View
from .derivation.graph import kernel_scopes
from .derivation.stage import Derivation
from .errors import HostError
from .events.catalogue import AT_START, EXISTING_CONTAINER, INIT_NAMESPACES
from .events.event import TraceEvent
from .existing_containers import existing_containers, init_namespaces
from .field_filters import FieldFilters
from .host_namespace import on_this_host
from .kernel.plan import Settings
from .kernel.tracer import KernelTracer
from .output.columns import Containers
from .output.fast.lines import quick_lines
from .output.flags import OutputPlan
from .output.json_lines import JsonPrinter
from .output.printer import Printer
from .output.sinks import OutputClosed, Sink, open_sink
from .output.table import TablePrinter
from .pipeline import Pipeline
from .signatures import Origin
from .signatures.registry import Loaded

INITIAL_PID_NAMESPACE: Final = 0xEFFFFFFC
"""Inode number of the initial pid namespace (PROC_PID_INIT_INO, linux/proc_ns.h)."""

MIB: Final = 1 << 20
SHOW_CONTAINERS: Final = frozenset({"json", "table-verbose"})
"""Formats that tell the container of every event, whatever the filters."""

ENVIRONMENTS: Final = (("sched_process_exec", "env"),)
"""What only the option exec-env shows."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the command line asked for; ``buffer`` is the ring buffer's size in MiB.

    ``signatures`` holds all events that there are; ``compat`` tells whether 32-bit system calls
    are events.
    """

    scopes: Sequence[Scope]
    outputs: OutputPlan
    command: Sequence[str]
    buffer: int
    signatures: Loaded
    compat: bool = True


def run_session(run: Run) -> int:
    """Trace until the command ends, or until SIGINT or SIGTERM; return the exit status.

    Raises HostError where this machine cannot do it, CommandError where the command cannot
    be started.
    """
    check_host()
    with ExitStack() as stack:
        outputs = [
            (printer_of(run.outputs, s.format, run.scopes), s.path) for s in run.outputs.sinks
        ]
        sinks = [(printer, open_sink(path)) for printer, path in outputs]
        command = Command(run.command) if run.command else None
        ending = Ending(command)
        tracer = load_tracer(run, command)
        stack.callback(tracer.close)
        derivation = derivation_of(run)
        pipeline = pipeline_of(run, derivation, sinks)
        try:
            pipeline.begin()
            tracer.attach()
            tracer.start()
            say("tracing")
            at_start = 0
            for event in events_at_start(run, tracer):
                pipeline.show_made(event)
                at_start += 1
            if command:
                command.release()
            pipeline.follow(tracer, ending.reached, command.fileno() if command else None)
            tracer.stop()
            pipeline.drain(tracer)
            close_all(sinks)
        except OutputClosed:
            # The reader of our lines has seen enough: a quiet end, as of any filter.
            return (command.exit_status() or 0) if command else 0
        account = Account(
            kernel=tracer.counters(),
            records=pipeline.records,
            derived=pipeline.derived,
            made=made_of(run, derivation, at_start),
            missed=tracer.missed(),
        )
        for line in [*account.lines(), *run.signatures.summaries(), *pipeline.errors[:1]]:
            say(line)
    status = command.exit_status() if command else 0
    return status or 0


class Ending:
    """Knows when a run is to end; signals are passed on to a command."""

    def __init__(self, command: Command | None) -> None:
        self._command = command
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def reached(self) -> bool:
        """Whether the command has ended, or a signal asked for the end."""
        if self._command:
            return self._command.exit_status() is not None
        return self._asked

    def _on_signal(self, number: int, _frame: object) -> None:
        self._asked = True
        # The terminal sends its SIGINT to the command too.
        if self._command and number != signal.SIGINT:
            self._command.signal(number)


def derivation_of(run: Run) -> Derivation:
    """Return what derives events; environments that signatures asked for are not shown."""
    hidden = () if "exec-env" in run.outputs.options else ENVIRONMENTS
    return Derivation(run.scopes, run.signatures.events, run.signatures.rules, hidden)


def load_tracer(run: Run, command: Command | None) -> KernelTracer:
    """Compile and load the kernel side."""
    at_work = run.signatures.needed(name for scope in run.scopes for name in scope.events)
    settings = Settings(
        scopes=kernel_scopes(on_this_host(run.scopes), run.signatures.events),
        exec_env="exec-env" in run.outputs.options,
        program_env=any(one.environment for one in at_work),
        command=command.pid if command else None,
        ring_bytes=run.buffer * MIB,
        compat=run.compat,
        containers=EXISTING_CONTAINER in selected_at_start(run)
        or any(one.origin is not Origin.ANY for one in at_work)
        or any(sink.format in SHOW_CONTAINERS for sink in run.outputs.sinks),
    )
    return KernelTracer(settings)


def selected_at_start(run: Run) -> frozenset[str]:
    """Return what some scope asks to be told at the start; of a COMMAND there is nothing yet."""
    if run.command:
        return frozenset()
    return frozenset(name for scope in run.scopes for name in AT_START & scope.events)


def events_at_start(run: Run, tracer: KernelTracer) -> Iterator[TraceEvent]:
    """Give the events that tell what was there before us."""
    selected = selected_at_start(run)
    try:
        yield from made_at_start(run, tracer, selected)
    except PermissionError as error:
        raise HostError(
            f"{' and '.join(sorted(selected))}: {error.filename} cannot be read ({error.strerror});"
            " tracing needs CAP_SYS_PTRACE for that, or take the event away"
        ) from error


def made_at_start(run: Run, tracer: KernelTracer, selected: Container[str]) -> Iterator[TraceEvent]:
    """Give them; PermissionError where /proc does not tell us."""
    scopes, epoch = on_this_host(run.scopes), view_of(run.outputs).epoch
    if INIT_NAMESPACES in selected:
        yield from init_namespaces(scopes, epoch)
    if EXISTING_CONTAINER in selected:
        yield from existing_containers(tracer.containers_before(), scopes, epoch)


def made_of(run: Run, derivation: Derivation, at_start: int) -> int | None:
    """Return how many events user space made, None where it was to make none."""
    return derivation.made + at_start if derivation.bases or selected_at_start(run) else None


def check_host() -> None:
    """Raise HostError where the reason is known before anything is tried."""
    if os.geteuid() != 0:
        raise HostError("tracing needs root; run it with sudo")
    if Path("/proc/self/ns/pid").stat().st_ino != INITIAL_PID_NAMESPACE:
        raise HostError("this is not the initial pid namespace; run it on the host (--pid=host)")


def printer_of(plan: OutputPlan, name: str, scopes: Sequence[Scope]) -> Printer:
    """Return the printer of a format."""
    if name == "json":
        return JsonPrinter()
    return TablePrinter(
        verbose=name == "table-verbose",
        containers=Containers.CONTAINERS if asks_for_containers(scopes) else Containers.PLAIN,
        relative_time="relative-time" in plan.options,
    )


def asks_for_containers(scopes: Sequence[Scope]) -> bool:
    """Whether a scope wants events of containers: tables show these then (facts, 4.2)."""
    return any(
        Key.CONTAINER in scope.process
        or any(condition.op is Op.EQ for condition in scope.process.get(Key.IN_CONTAINER, ()))
        for scope in scopes
    )


def pipeline_of(
    run: Run, derivation: Derivation, sinks: Sequence[tuple[Printer, Sink]]
) -> Pipeline:
    """Return what takes the records to the outputs."""
    view, events = view_of(run.outputs), run.signatures.events
    filters = FieldFilters(run.scopes, printed=view.printed, events=events, others=derivation.raw)
    decoder = RecordDecoder(view, raw=filters.raw)
    return Pipeline(
        decoder,
        sinks,
        judge=filters.judge if filters.raw else None,
        derive=derivation if derivation.bases else None,
        quick=quick_lines(decoder, [printer for printer, _ in sinks], view, filters.raw),
    )


def view_of(plan: OutputPlan) -> View:
    """Return how values are shown; times count from the epoch, or from now."""
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    relative = "relative-time" in plan.options
    epoch = -boot if relative else time.time_ns() - boot
    return View(epoch=epoch, printed="parse-arguments" in plan.options)


def close_all(sinks: Sequence[tuple[Printer, Sink]]) -> None:
    """Write out and close all outputs."""
    for _, sink in sinks:
        sink.close()


def say(line: str) -> None:
    """Tell the user something on stderr."""
    print(f"tracee-ref: {line}", file=sys.stderr, flush=True)
