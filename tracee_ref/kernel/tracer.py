# SPDX-License-Identifier: Apache-2.0
"""Kernel side of a run: loading, attaching, starting, and counters of events."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from struct import Struct, pack, unpack
from typing import Final

from ..abi import Counter
from ..clocks import boot_time
from .attach.attachments import Attachments
from .attach.features import types
from .build.program import Program
from .build.source import bpf_source
from .call_arguments import encoded_shapes
from .hooks import PACKET
from .maps.call_map import CallTable
from .maps.container_map import ContainerWriter
from .maps.every_syscall import SyscallMasks
from .maps.field_maps import write_fields
from .maps.filter_maps import EVENTS_MAX, ZERO, write_selection, write_tables
from .maps.write import push_numbers, write_entries
from .plan import CALLS, JOINED_CALLS, KEPT_CALLS, KernelPlan
from .probes.programs import tracepoint_fillers
from .ring import RingReader, Rings
from .seed.processes import ProcessSeeder
from .seed.sockets import seed_owners

SOURCE: Final = "tracer.bpf.c"

MASK: Final = Struct("=Q")
NEVER: Final = (1 << 63) - 1
KEY_DELAY_NS: Final = 500_000_000
"""Delay after the start until keys of processes are unique (bpf/state/processes.h).

All programs must have the time by then: else the key of a process would change."""

HOOK_MATCHER: Final = "match_hook"
HOOK_RETURNER: Final = "return_hook"
RAW_MATCHER: Final = "match_raw"
"""Programs that the programs at kernel functions and at raw tracepoints tail-call."""

TRACEPOINT_MATCHER: Final = "match_tracepoint"
"""Program that the programs at tracepoints of the user's choice tail-call."""

LEVELS: Final = 3
"""Sets of counters (enum level in bpf/lib/records.h)."""


class KernelTracer:
    """The loaded programs of a plan; no event is reported before ``start``.

    ``command`` is the tgid of the COMMAND to whose process tree the plan is limited, if any.
    ``plugins`` are the tgids of the processes of plug-in signatures, which never match.
    """

    def __init__(
        self, plan: KernelPlan, command: int | None = None, plugins: Sequence[int] = ()
    ) -> None:
        self._plan = plan
        self._command = command
        self._plugins = plugins
        self._tables = plan.tables
        self._catalogue = plan.catalogue
        self._constants = {
            name: c for owned in plan.constants().values() for name, c in owned.items()
        }
        self.program = self._program = Program(
            SOURCE,
            bpf_source(SOURCE) + plan.generated(),
            self._constants,
            types(),
            plan.structures(),
        )
        self._attachments = Attachments(self._program, command)
        self.unreadable: frozenset[str] = frozenset()
        """Files of /proc about processes that could not be seeded."""

        self.unread = 0
        """Number of processes that were not reached in the time for seeding."""

        self.sockets_read = True
        """Whether that time was enough for all sockets."""

        if plan.hooks.keeps_arguments:
            push_numbers(self._program, "free_elements", range(1, KEPT_CALLS + 1))
        rings = ["records", *(["packet_records"] if plan.track_packets else [])]
        size = plan.settings.ring_bytes
        self._reader = Rings([RingReader(self._program.map_fd(name), size) for name in rings])

    def attach(self) -> None:
        """Write the tables, attach the programs, and seed the maps with existing processes."""
        write_tables(self._program, self._constants, self._tables)
        write_fields(self._program, self._plan.fields, self._catalogue)
        if self._plugins:
            entries = {pack("I", pid): b"\1" for pid in self._plugins}
            write_entries(self._program, "signature_processes", entries)
        self._write_shapes()
        self._write_tail_calls()
        self._write_key_time(NEVER)
        for hook in self._plan.hooks.hooks():
            self._attachments.attach(hook)
        if self._plan.track_containers:
            ContainerWriter(self._program, self._tables.container).seed(self._plan.hierarchy)
        self._seed_processes()

    def start(self) -> None:
        """Write the selection: from here on every event is reported or counted."""
        now = boot_time()
        write_entries(self._program, "trace_start_time", {ZERO: pack("Q", now)})
        self._write_key_time(now + KEY_DELAY_NS)
        self._select(self._masks())

    def _write_key_time(self, time_: int) -> None:
        """Set the boot time (ns) from which on new processes have keys of their own."""
        with suppress(KeyError):  # no process has a state in this run
            write_entries(self._program, "unique_keys_since", {ZERO: pack("Q", time_)})

    def containers_before(self) -> Iterator[Path]:
        """Yield the cgroup directories of the containers that existed before ``start``."""
        return ContainerWriter(self._program, self._tables.container).before(self._plan.hierarchy)

    def stop(self) -> None:
        """Detach the programs; records in the ring buffer can still be read."""
        self._select(dict.fromkeys(self._masks(), 0))
        self._attachments.close()

    def read(self, handle: Callable[[list[bytes]], None], limit: int) -> int:
        """Pass at most ``limit`` waiting records to a function; return their number."""
        return self._reader.read(handle, limit)

    def is_filling(self) -> bool:
        """Return whether the ring buffer of all events but packets fills."""
        return self._reader.is_filling()

    def counters(self) -> Mapping[str, Sequence[int]]:
        """Return each counter's value per CPU."""
        fd, cpus = self._program.map_fd("counters"), self._program.possible_cpus
        values = {}
        for counter in Counter:
            keys = (pack("I", level * len(Counter) + counter) for level in range(LEVELS))
            levels = (self._counts(fd, cpus, key) for key in keys)
            values[counter.name.lower()] = [sum(counts) for counts in zip(*levels, strict=True)]
        return values

    def lost_packets(self) -> int:
        """Return the number of packets for which the buffer had no room."""
        fd, cpus = self._program.map_fd("counters"), self._program.possible_cpus
        return sum(self._counts(fd, cpus, pack("I", Counter.LOST + len(Counter))))

    def lost_by_scope(self) -> Mapping[int, int]:
        """Return the number of lost events by scope; none with one scope, which lost all.

        An event counts for each of its scopes.  The scopes of those that were lost before their
        record was there are unknown.
        """
        try:
            fd, cpus = self._program.map_fd("lost_masks"), self._program.possible_cpus
        except KeyError:
            return {}
        lost: Counts[int] = Counts()
        for key in {*self._program.keys(fd, MASK.size)}:
            count = sum(self._counts(fd, cpus, key))
            lost.update(dict.fromkeys(scopes_of(*MASK.unpack(key)), count))
        return dict(sorted(lost.items()))

    def _counts(self, fd: int, cpus: int, key: bytes) -> tuple[int, ...]:
        data = self._program.lookup(fd, key, 8 * cpus) or bytes(8 * cpus)
        return unpack(f"{cpus}Q", data)

    def missed(self) -> int:
        """Return how often a program did not run because it was already running on that CPU."""
        return sum(info.missed for info in self._program.infos().values())

    def close(self) -> None:
        """Unload everything."""
        self.stop()
        self._reader.close()
        self._program.close()

    def _masks(self) -> dict[int, int]:
        """Return the scopes of each selected event, by its id."""
        return {self._catalogue[name].id: mask for name, mask in self._tables.select.items()}

    def _select(self, masks: Mapping[int, int]) -> None:
        kernel_masks = {event: mask for event, mask in masks.items() if event < EVENTS_MAX}
        write_selection(self._program, kernel_masks)
        if self._plan.selected.syscalls:
            write_entries(self._program, "calls", self._call_table(masks))
        if self._plan.selected.every_syscall:
            write_entries(self._program, "syscall_masks", self._syscall_masks(masks))

    def _write_tail_calls(self) -> None:
        """Set the tail calls by which programs at functions go on (bpf/events/hook_event.h)."""
        fillers = self._plan.hooks.fillers()
        if fillers:
            self._set_tail_call("hook_matcher", 0, HOOK_MATCHER, "KPROBE")
        for event, function in fillers.items():
            self._set_tail_call("hook_fillers", event, function, "KPROBE")
        at_tracepoints = tracepoint_fillers(self._plan.selected.probes)
        if at_tracepoints:
            self._set_tail_call("tracepoint_matcher", 0, TRACEPOINT_MATCHER, "TRACEPOINT")
        for event, function in at_tracepoints.items():
            self._set_tail_call("tracepoint_fillers", event, function, "TRACEPOINT")
        enders = self._plan.hooks.enders()
        if enders:
            self._set_tail_call("joined_returner", 0, HOOK_RETURNER, "KPROBE")
            push_numbers(self._program, "free_joined", range(1, JOINED_CALLS + 1))
        for event, function in enders.items():
            self._set_tail_call("joined_enders", event, function, "KPROBE")
        raw = self._plan.hooks.raw_fillers()
        if raw:
            self._set_tail_call("raw_matcher", 0, RAW_MATCHER, "RAW_TRACEPOINT")
        for event, function in raw.items():
            self._set_tail_call("raw_fillers", event, function, "RAW_TRACEPOINT")
        for calls, index, hook in self._plan.hooks.continuations():
            self._set_tail_call(calls, index, hook.function, hook.kind.value, hook.at)

    def _set_tail_call(
        self, calls: str, index: int, function: str, kind: str, at: str = ""
    ) -> None:
        program = self._program.load(function, kind, at)
        write_entries(self._program, calls, {pack("I", index): pack("I", program)})

    def _write_shapes(self) -> None:
        if calls := self._plan.selected.syscalls:
            exec_env = self._plan.settings.exec_env
            entries = {pack("I", c.id): encoded_shapes(c, exec_env=exec_env) for c in calls}
            write_entries(self._program, "shapes", entries)

    def _call_table(self, masks: Mapping[int, int]) -> dict[bytes, bytes]:
        hooks, compat = self._plan.hooks, self._plan.settings.compat
        table = CallTable(masks, hooks.call_entries(), compat=compat, arrays=hooks.keeps_arrays)
        return {pack("I", number): entry for number, entry in table.entries().items()}

    def _syscall_masks(self, masks: Mapping[int, int]) -> dict[bytes, bytes]:
        settings = self._plan.settings
        table = SyscallMasks(settings.scopes, masks, compat=settings.compat, numbers=CALLS)
        return {pack("I", number): entry for number, entry in table.entries()}

    def _seed_processes(self) -> None:
        """Write the state of processes and sockets older than the programs."""
        seeder = ProcessSeeder(self._program, self._tables)
        if self._command is not None:
            seeder.seed_command(self._command)
        elif self._tables.tracks_processes:
            seeder.seed_all()
            self.unreadable = frozenset(seeder.unreadable)
            self.unread = seeder.unread
        if self._command is None and self._plan.track_packets:
            track = self._plan.track_containers
            number = self._catalogue[PACKET].id
            scopes, hierarchy = self._plan.settings.scopes, self._plan.hierarchy
            self.sockets_read = seed_owners(self._program, scopes, hierarchy, number, track=track)


def scopes_of(mask: int) -> Iterator[int]:
    """Yield the numbers of the scopes in a mask."""
    return (bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1)
