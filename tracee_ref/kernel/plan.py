# SPDX-License-Identifier: Apache-2.0
"""Plan of the kernel side of a run: tables, hooks, and constants of its program."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from model.scope import Scope

from ..containers.cgroups import own_hierarchy
from ..events.catalogue import EventDefinition, all_events
from ..events.function_events import CALL_ENDS, CGROUPS, FUNCTIONS, RAW_TRACEPOINT_EVENTS
from ..tables import compile_tables
from ..tables.fields import compile_fields
from .attach.attachments import Hook, HookKind
from .attach.features import (
    has_function,
    preempts_raw_tracepoints,
    types,
    uses_perf_events,
)
from .attach.syscall_hooks import SyscallHook, call_function, choose_syscall_hook, exit_point
from .build.btf import Fields
from .build.structures import (
    BPF_MAPS,
    FILES,
    REMOTE_SOCKETS,
    SOCKET_ADDRESSES,
    SOCKET_OWNERS,
    TASK_COMM,
    merged,
)
from .maps.container_map import constants as container_constants
from .maps.field_maps import field_defines
from .maps.filter_maps import defines as table_defines

PAGE: Final = 4096
CALLS: Final = 1024
PROCESSES: Final = 131072
"""Size of the LRU maps of processes."""

EXECS_AT_ONCE: Final = 256

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn")

CALL_FUNCTIONS: Final = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_"}
"""Prefix of the kernel functions of syscalls, by machine."""

SECCOMP: Final = "__secure_computing"
"""Kernel function that runs a process's seccomp filters; it returns -1 for a refused syscall."""

RAW, TRACEPOINT, KPROBE = HookKind.RAW_TRACEPOINT, HookKind.TRACEPOINT, HookKind.KPROBE

PACKET: Final = "net_packet_ip_base"
PAYLOADS: Final = {"DNS": "net_packet_dns_base", "HTTP": "net_packet_http_base"}
"""Packet events that need more of a packet than its headers."""

SOCKETS: Final = 32768
"""Size of the LRU map of socket owners."""

RAW_HOOKS: Final[Mapping[str, Sequence[Hook]]] = {
    "fork": [Hook(RAW, "sched_process_fork", "on_fork")],
    "exec": [Hook(RAW, "sched_process_exec", "on_exec")],
    "exit": [Hook(RAW, "sched_process_exit", "on_exit")],
}
PERF_EVENT_HOOKS: Final[Mapping[str, Sequence[Hook]]] = {
    "fork": [Hook(KPROBE, "wake_up_new_task", "on_fork")],
    "exec": [
        Hook(KPROBE, "security_bprm_committed_creds", "on_bprm_committed"),
        Hook(TRACEPOINT, "sched:sched_process_exec", "on_exec"),
    ],
    "exit": [Hook(TRACEPOINT, "sched:sched_process_exit", "on_exit")],
}
"""Used where raw tracepoints can be preempted (attach/features.py).  Raw tracepoints remain where
preemption does no harm: cgroups change under one lock, and tasks are freed with preemption off."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the kernel side of a run.

    ``scopes`` select only events of the kernel side, and name no ``host:``.  ``command_only``
    limits a run to the process tree of its COMMAND.  ``exec_env`` records the environments
    of programs and of syscalls, ``program_env`` those of programs only.  ``ring_bytes`` is a power
    of two.  ``containers`` records the container of each event, also where no filter needs it.
    ``compat`` includes 32-bit syscalls.
    """

    scopes: Sequence[Scope]
    exec_env: bool = False
    program_env: bool = False
    command_only: bool = False
    ring_bytes: int = 16 << 20
    processes: int = PROCESSES
    containers: bool = False
    compat: bool = True


class KernelPlan:
    """Tables, hooks and constants of the kernel side, derived from its settings.

    Creating a plan loads nothing, but may probe the kernel for features.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tables = self._tables = compile_tables(settings.scopes)
        self.fields = compile_fields(settings.scopes)
        self.hierarchy = own_hierarchy()
        self._settings = settings
        self._perf_events = uses_perf_events()
        self._catalogue = all_events()
        self._syscall_hook, self._syscall_hook_reason = self._choose_syscall_hook()

    def _choose_syscall_hook(self) -> tuple[SyscallHook, str]:
        if self._selects("magic_write"):
            return SyscallHook.ALL_SYSCALLS, "magic_write needs the return of every write"
        return choose_syscall_hook(self.selected_calls(), compat=self._settings.compat)

    def constants(self) -> dict[str, dict[str, str]]:
        """Return the C constants of the program, by the part of the plan that owns each."""
        tracked = container_constants(self.hierarchy, types(), track=self.track_containers)
        return {
            "accept tables": table_defines(self._tables),
            "field tables": field_defines(self.fields),
            "events and hooks": self.defines(),
            "containers": tracked,
        }

    def defines(self) -> dict[str, str]:
        """Return the C constants of events and hooks."""
        names = {
            "SYSCALLS_MAX": str(CALLS),
            "PROCESSES": str(self._settings.processes),
            "EXECS_AT_ONCE": str(EXECS_AT_ONCE),
            "RING_PAGES": str(self._settings.ring_bytes // PAGE),
            "EVENT_FORK": str(self._catalogue["sched_process_fork"].id),
            "EVENT_EXEC": str(self._catalogue["sched_process_exec"].id),
            "EVENT_EXECVE": str(self._catalogue["execve"].id),
            "EVENT_EXECVEAT": str(self._catalogue["execveat"].id),
            "EVENT_EXIT": str(self._catalogue["sched_process_exit"].id),
        }
        if self._selects(PACKET):
            names |= {"EVENT_PACKET": str(self._catalogue[PACKET].id), "SOCKETS": str(SOCKETS)}
            ids = {name: self._catalogue[event].id for name, event in PAYLOADS.items()}
            names |= {f"EVENT_PACKET_{name}": str(id_) for name, id_ in ids.items()}
        recorded = [*self._function_events(), *self._raw_events(), *self._call_ends()]
        functions = {f"EVENT_{event.name.upper()}": str(event.id) for event in recorded}
        at_functions = self._syscall_hook is SyscallHook.FUNCTIONS
        at_tracepoints = self._syscall_hook is SyscallHook.TRACEPOINTS
        switches = {
            "SYSCALL_EVENTS": bool(self.selected_calls()),
            "EXEC_SYSCALLS": self._selects(*EXEC_CALLS),
            "SYSCALLS_WITHOUT_RETURN": self._selects(*CALLS_WITHOUT_RETURN),
            "SELECT_FORK": self._selects("sched_process_fork"),
            "SELECT_EXEC": self._selects("sched_process_exec"),
            "SELECT_EXIT": self._selects("sched_process_exit"),
            "EXEC_ENVIRONMENT": self._settings.exec_env or self._settings.program_env,
            "COMMAND_ONLY": self._settings.command_only,
            "CGROUP_EVENTS": self.reports_cgroups,
            "FUNCTION_EVENTS": bool(self._function_events()),
            "HOOKS_AT_PERF_EVENTS": self._perf_events,
            "SYSCALLS_AT_PERF_EVENTS": self._perf_events or at_tracepoints,
            "SYSCALLS_AT_FUNCTIONS": at_functions,
            "PREEMPTIBLE": at_functions or preempts_raw_tracepoints(),
            "NATIVE_SYSCALLS_ONLY": not self._settings.compat,
            "SOCKET_EVENTS": self._selects_sockets(),
        }
        if at_functions and has_function(SECCOMP):
            names["SECCOMP_ARGUMENTS"] = str(types().arguments(SECCOMP))
        return names | functions | {name: "" for name, on in switches.items() if on}

    @property
    def track_containers(self) -> bool:
        """Whether events or filters need containers; tracking makes a start a tenth longer."""
        return self._settings.containers or self._tables.container is not None

    @property
    def track_packets(self) -> bool:
        """Whether a scope selected an event of packets."""
        return self._selects(PACKET)

    def hooks(self) -> list[Hook]:
        """Return every BPF function to attach, its hook, and what needs it."""
        return [
            *self._process_hooks(),
            *self._raw_event_hooks(),
            *self._call_hooks(),
            *self._entry_hooks(),
            *self._function_hooks(),
            *self._packet_hooks(),
        ]

    def _process_hooks(self) -> Iterator[Hook]:
        state = self._process_state_reason()
        execs = self._reason(*EXEC_CALLS)
        hooks = PERF_EVENT_HOOKS if self._perf_events else RAW_HOOKS
        for hook_set, reasons in (
            ("fork", (state, self._reason("sched_process_fork"))),
            ("exec", (state, execs, self._reason("sched_process_exec"))),
            ("exit", (execs, self._reason("sched_process_exit"))),
        ):
            reason = "; ".join(filter(None, reasons))
            yield from (replace(hook, reason=reason) for hook in hooks[hook_set] if reason)
        if state:
            yield Hook(RAW, "sched_process_free", "on_free", state)
        if self.track_containers:
            yield Hook(RAW, "cgroup_mkdir", "on_cgroup_mkdir", "containers")
            yield Hook(RAW, "cgroup_rmdir", "on_cgroup_rmdir", "containers")

    def _process_state_reason(self) -> str:
        """Return why forks and execs are followed; empty if nothing needs it."""
        of_life = {"binary": self._tables.binary, "tree": self._tables.tree}
        filters = [name for name, table in of_life.items() if table is not None]
        filters += ["follow"] if self._tables.follow else []
        reasons = ["process tree of the COMMAND"] if self._settings.command_only else []
        reasons += [f"filters {', '.join(filters)}"] if filters else []
        return "; ".join(reasons)

    def _raw_event_hooks(self) -> Iterator[Hook]:
        for event in self._cgroup_events():
            yield Hook(RAW, event.name, f"report_{event.name}", f"event {event.name}")
        if self._selects("task_rename"):
            yield Hook(RAW, "task_rename", "on_task_rename", "event task_rename")

    def _call_hooks(self) -> Iterator[Hook]:
        kind, point = (
            (TRACEPOINT, "raw_syscalls:sys_exit") if self._perf_events else (RAW, "sys_exit")
        )
        if self._syscall_hook is SyscallHook.FUNCTIONS:
            yield from self._call_functions()
        elif self._syscall_hook is SyscallHook.TRACEPOINTS:
            for call in self.selected_calls():
                reason = f"event {call.name}; {self._syscall_hook_reason}"
                yield Hook(TRACEPOINT, exit_point(call), "on_syscall_return", reason)
        elif self.selected_calls():
            reason = f"syscall events; {self._syscall_hook_reason}"
            yield Hook(kind, point, "on_syscall_return", reason)
        if self._selects("magic_write"):
            yield Hook(kind, point, "on_write_return", "event magic_write")
        if self._selects("socket_dup"):
            yield Hook(kind, point, "on_dup_return", "event socket_dup")

    def _entry_hooks(self) -> Iterator[Hook]:
        entries = {c: "enter_without_return" for c in CALLS_WITHOUT_RETURN if self._selects(c)}
        if self._selects(*EXEC_CALLS):
            entries |= dict.fromkeys(EXEC_CALLS, "enter_exec")
        for call, function in entries.items():
            reason = f"{call} may not return"
            if self._syscall_hook is SyscallHook.FUNCTIONS and (at := call_function(call)):
                yield Hook(HookKind.FENTRY, at, function, reason)
            elif self._perf_events:
                point = f"{CALL_FUNCTIONS[platform.machine()]}{call}"
                yield Hook(KPROBE, point, function, reason)
            else:
                yield Hook(TRACEPOINT, f"syscalls:sys_enter_{call}", function, reason)

    def _call_functions(self) -> Iterator[Hook]:
        for call in self.selected_calls():
            at = None if call.name in CALLS_WITHOUT_RETURN else call_function(call.name)
            if at:
                reason = f"event {call.name}; {self._syscall_hook_reason}"
                yield Hook(HookKind.FEXIT, at, "on_syscall_end", reason)
        if has_function(SECCOMP):
            reason = "calls that seccomp refuses do not reach their function"
            yield Hook(HookKind.FEXIT, SECCOMP, "on_syscall_refused", reason)

    def _function_hooks(self) -> Iterator[Hook]:
        for event in self._function_events():
            for name in event.functions:
                yield Hook(KPROBE, name, program_at(name, event), f"event {event.name}")

    def _packet_hooks(self) -> Iterator[Hook]:
        kind, prefix = (TRACEPOINT, "raw_syscalls:") if self._perf_events else (RAW, "")
        if self._selects(PACKET):
            owners = "packet events: the process that uses a socket"
            yield Hook(kind, f"{prefix}sys_enter", "on_socket_enter", owners)
            yield Hook(kind, f"{prefix}sys_exit", "on_socket_exit", owners)
            yield Hook(HookKind.CGROUP, "ingress", "on_packet_in", "packet events")
            yield Hook(HookKind.CGROUP, "egress", "on_packet_out", "packet events")

    def fillers(self) -> Mapping[int, str]:
        """Return event id -> the BPF function that fills its record."""
        names = (e.name for e in self._function_events() if e.name != "magic_write")
        return {self._catalogue[name].id: f"put_{name}" for name in names}

    @property
    def reports_cgroups(self) -> bool:
        """Whether an event of cgroups is selected."""
        return bool(self._cgroup_events())

    def structures(self) -> Fields:
        """Return the kernel structures that only the selected events read."""
        names = [event.name for event in self._function_events()]
        fields: Fields = FILES if names or self._raw_events() or self._call_ends() else {}
        if self._selects("cgroup_attach_task", "task_rename"):
            fields = merged(fields, TASK_COMM)
        if self._selects(PACKET):
            fields = merged(fields, SOCKET_OWNERS)
        if self._selects_sockets() or self._selects("socket_dup"):
            fields = merged(fields, SOCKET_ADDRESSES)
        if self._selects("socket_dup"):
            fields = merged(fields, REMOTE_SOCKETS)
        return merged(fields, BPF_MAPS) if "security_bpf_map" in names else fields

    def selected_calls(self) -> list[EventDefinition]:
        """Return the syscalls that a scope selected."""
        selected = (self._catalogue[name] for name in self._tables.select)
        return [event for event in selected if event.syscall]

    def _function_events(self) -> list[EventDefinition]:
        return [e for name in self._tables.select if (e := self._catalogue[name]).functions]

    def _raw_events(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in RAW_TRACEPOINT_EVENTS if self._selects(name)]

    def _cgroup_events(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in CGROUPS if self._selects(name)]

    def _call_ends(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in CALL_ENDS if self._selects(name)]

    def _selects_sockets(self) -> bool:
        return any(name.startswith("security_socket_") for name in self._tables.select)

    def _selects(self, *names: str) -> bool:
        return any(name in self._tables.select for name in names)

    def _reason(self, *names: str) -> str:
        """Return the selected events among ``names``, as the reason for a hook."""
        selected = [name for name in names if self._selects(name)]
        return f"event {', '.join(selected)}" if selected else ""


def program_at(function: str, event: EventDefinition) -> str:
    """Return the BPF function at a kernel function; two events may share the kernel function."""
    shared = event.name != function and function in FUNCTIONS
    return f"alert_{function}" if shared else f"on_{function}"
