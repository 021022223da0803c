# SPDX-License-Identifier: Apache-2.0
"""Plan of the kernel side of a run: tables, hooks, and constants of its program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Final

from ..containers.cgroups import own_hierarchy
from ..events.catalogue import FIRST_NEW_CALL, EventDefinition, all_events
from ..events.declarations import HookDeclaration, HookType
from ..model.scope import Scope
from ..shares import TURN_SHIFT, burst, shared
from ..tables import compile_tables
from ..tables.fields import compile_fields
from .attach.features import (
    has_function,
    preempts_raw_tracepoints,
    types,
)
from .attach.syscall_hooks import SyscallHook
from .build.btf import Fields
from .build.event_code import conversion_defines, declared_fields, event_code
from .build.structures import REMOTE_SOCKETS, SOCKET_OWNERS, merged
from .call_arguments import CALLS_WITHOUT_RETURN, EXEC_CALLS
from .hooks import PACKET, SECCOMP, HookPlan
from .maps.container_map import constants as container_constants
from .maps.field_maps import field_defines
from .maps.filter_maps import EVENTS, EVENTS_MAX
from .maps.filter_maps import defines as table_defines
from .probes.programs import REGISTERS, has_user_hook, probe_constants, probe_programs
from .selection import SelectedEvents

PAGE: Final = 4096
CALLS: Final = 1024
CALL_EVENTS: Final = FIRST_NEW_CALL + CALLS
"""Above the event ids of all syscalls."""

PROCESSES: Final = 131072
"""Size of the LRU maps of processes."""

EXECS_AT_ONCE: Final = 256
TASKS_AT_ONCE: Final = 4096
"""Tasks between two programs of one syscall: at most one per CPU, and preempted ones."""

KEPT_CALLS: Final = 1024
"""Syscalls in progress at one time whose arguments are kept from their entry."""

PID_MAX: Final = Path("/proc/sys/kernel/pid_max")
JOINED_CALLS: Final = 1024
"""Functions in progress at one time whose records are kept until their return."""

TIDS_PER_PAGE: Final = 256

PAYLOADS: Final = {"DNS": "net_packet_dns_base", "HTTP": "net_packet_http_base"}
"""Packet events that need more of a packet than its headers."""

SIGNATURE_PROCESSES: Final = 1024
"""Size of the map of the processes of plug-in signatures; their ids are fewer."""

SOCKETS: Final = 32768
"""Size of the LRU map of socket owners."""

LOST_MASKS: Final = 1024
"""Size of the map of masks that lost events had; the scopes of others are not counted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the kernel side of a run.

    ``scopes`` select only events of the kernel side, and name no ``host:``.  ``command_only``
    limits a run to the process tree of its COMMAND.  ``exec_env`` records the environments
    of programs and of syscalls, ``program_env`` those of programs only.  ``ring_bytes`` is a power
    of two.  ``containers`` records the container of each event, also where no filter needs it.
    ``compat`` includes 32-bit syscalls.  With ``at_entry`` arguments in memory are those that
    syscalls were given (rule 19), else what is there at their return.  ``plugins`` excludes the
    processes of plug-in signatures.  ``catalogue`` has the events of the run, those at hooks that
    the user chose among them; None: the events that every run has.
    """

    scopes: Sequence[Scope]
    exec_env: bool = False
    program_env: bool = False
    command_only: bool = False
    ring_bytes: int = 16 << 20
    processes: int = PROCESSES
    containers: bool = False
    compat: bool = True
    at_entry: bool = True
    plugins: bool = False
    catalogue: Mapping[str, EventDefinition] | None = None


class KernelPlan:
    """Tables, hooks and constants of the kernel side, derived from its settings.

    Creating a plan loads nothing, but may probe the kernel for features.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tables = compile_tables(settings.scopes)
        self.catalogue = settings.catalogue or all_events()
        self.fields = compile_fields(settings.scopes, self.catalogue)
        self.hierarchy = own_hierarchy()
        self.selected = SelectedEvents(self.tables.select, self.catalogue)
        self.hooks = HookPlan(
            self.selected,
            self.tables,
            command_only=settings.command_only,
            containers=self.track_containers,
            compat=settings.compat,
            at_entry=settings.at_entry,
        )

    def constants(self) -> dict[str, dict[str, str]]:
        """Return the C constants of the program, by the part of the plan that owns each."""
        tracked = container_constants(self.hierarchy, types(), track=self.track_containers)
        return {
            "accept tables": table_defines(self.tables, self.event_ids),
            "field tables": field_defines(self.fields),
            "events and hooks": self.defines(),
            "containers": tracked,
        }

    def defines(self) -> dict[str, str]:
        """Return the C constants of events and hooks."""
        selected, catalogue = self.selected, self.catalogue
        names = {
            "SYSCALLS_MAX": str(CALLS),
            "CALL_EVENTS": str(CALL_EVENTS),
            "PROCESSES": str(self.settings.processes),
            "EXECS_AT_ONCE": str(EXECS_AT_ONCE),
            "TASKS_AT_ONCE": str(TASKS_AT_ONCE),
            "RING_PAGES": str(self.settings.ring_bytes // PAGE),
            "RING_BYTES": str(self.settings.ring_bytes),
            "EVENT_FORK": str(catalogue["sched_process_fork"].id),
            "EVENT_EXEC": str(catalogue["sched_process_exec"].id),
            "EVENT_EXECVE": str(catalogue["execve"].id),
            "EVENT_EXECVEAT": str(catalogue["execveat"].id),
            "EVENT_EXIT": str(catalogue["sched_process_exit"].id),
        }
        if self.hooks.keeps_arguments:
            pages = -(-int(PID_MAX.read_text()) // TIDS_PER_PAGE)
            names |= {"KEPT_CALLS": str(KEPT_CALLS), "KEPT_PAGES": str(pages)}
        if selected.declared(HookType.JOINED):
            names["JOINED_CALLS"] = str(JOINED_CALLS)
        if self.settings.plugins:
            names["SIGNATURE_PROCESSES"] = str(SIGNATURE_PROCESSES)
        if selected.selects(PACKET):
            names |= {"EVENT_PACKET": str(catalogue[PACKET].id), "SOCKETS": str(SOCKETS)}
            ids = {name: catalogue[event].id for name, event in PAYLOADS.items()}
            names |= {f"EVENT_PACKET_{name}": str(id_) for name, id_ in ids.items()}
        scopes = reduce(or_, self.tables.select.values(), 0)
        names |= share_defines(scopes, self.settings.ring_bytes)
        programs: list[EventDefinition | HookDeclaration] = [
            *selected.declared(HookType.PROGRAM),
            *selected.every_syscall,
        ]
        functions = {f"EVENT_{event.name.upper()}": str(event.id) for event in programs}
        at_functions = self.hooks.syscall_hook is SyscallHook.FUNCTIONS
        at_tracepoints = self.hooks.syscall_hook is SyscallHook.TRACEPOINTS
        switches = {
            "SYSCALL_EVENTS": bool(selected.syscalls),
            "EXEC_SYSCALLS": selected.selects(*EXEC_CALLS),
            "ARGUMENTS_AT_ENTRY": self.hooks.keeps_arguments,
            "EXECS_AT_ENTRY": self.settings.at_entry and selected.selects(*EXEC_CALLS),
            "SYSCALLS_AT_ENTRY": self.hooks.keeps_arguments or self.hooks.at_all_entries,
            "SYSCALLS_WITHOUT_RETURN": selected.selects(*CALLS_WITHOUT_RETURN),
            "SELECT_FORK": selected.selects("sched_process_fork"),
            "SELECT_EXEC": selected.selects("sched_process_exec"),
            "SELECT_EXIT": selected.selects("sched_process_exit"),
            "EXEC_ENTRIES": bool(self.hooks.exec_entries_reason),
            "EXEC_ENVIRONMENT": self.settings.exec_env or self.settings.program_env,
            "COMMAND_ONLY": self.settings.command_only,
            "DECLARED_EVENTS": bool(selected.declared()),
            "EVERY_SYSCALL": bool(selected.every_syscall),
            "HOOKS_AT_PERF_EVENTS": self.hooks.perf_events,
            "SYSCALLS_AT_PERF_EVENTS": self.hooks.perf_events or at_tracepoints,
            "SYSCALLS_AT_FUNCTIONS": at_functions,
            "PREEMPTIBLE": at_functions
            or preempts_raw_tracepoints()
            or has_user_hook(selected.probes),
            "NATIVE_SYSCALLS_ONLY": not self.settings.compat,
            "JOINED_EVENTS": bool(selected.declared(HookType.JOINED)),
            "ATOMIC_TRACEPOINTS": bool(self.hooks.raw_fillers()),
            "SYSCALL_ENDS": bool(selected.declared(HookType.SYSCALL_END)),
            "SUBCALLS": self.hooks.subcalls,
        }
        if selected.probes:
            names |= probe_constants(selected.probes)
        if at_functions and has_function(SECCOMP):
            names["SECCOMP_ARGUMENTS"] = str(types().arguments(SECCOMP))
        names |= conversion_defines(selected.declared())
        return names | functions | {name: "" for name, on in switches.items() if on}

    def generated(self) -> str:
        """Return the C text of the programs of events that are not in ``bpf/``."""
        declared = (event_code(event, types()) for event in self.selected.declared())
        return "\n".join((*declared, probe_programs(self.selected.probes)))

    @property
    def event_ids(self) -> int:
        """Return a number above the ids of all selected events."""
        declared = any(self.catalogue[name].id >= EVENTS for name in self.tables.select)
        return EVENTS_MAX if declared else EVENTS

    @property
    def track_containers(self) -> bool:
        """Whether events or filters need containers; tracking makes a start a tenth longer."""
        return self.settings.containers or self.tables.container is not None

    @property
    def track_packets(self) -> bool:
        """Whether a scope selected an event of packets."""
        return self.selected.selects(PACKET)

    def structures(self) -> Fields:
        """Return the kernel structures that only the selected events read."""
        declared = self.selected.declared()
        hooked = [*declared, *self.selected.probes, *self.selected.every_syscall]
        fields = declared_fields(declared) if hooked else {}
        if has_user_hook(self.selected.probes):
            fields = merged(fields, REGISTERS)
        if any(event.hook is HookType.SYSCALL_END for event in declared):
            fields = merged(fields, REMOTE_SOCKETS)
        return merged(fields, SOCKET_OWNERS) if self.track_packets else fields


def share_defines(scopes: int, ring_bytes: int) -> dict[str, str]:
    """Return the C constants of the shares of scopes; a scope alone has all of a buffer."""
    if scopes.bit_count() < 2:
        return {}
    return {
        "SCOPE_COUNT": str(scopes.bit_count()),
        "SCOPE_BITS": str(scopes.bit_length()),
        "SHARED_BYTES": str(shared(ring_bytes)),
        "SHARE_BURST": str(burst(ring_bytes)),
        "TURN_SHIFT": str(TURN_SHIFT),
        "LOST_MASKS": str(LOST_MASKS),
    }
