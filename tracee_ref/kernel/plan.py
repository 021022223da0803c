"""Which programs a run needs: their constants, and the hooks that they go on."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.scope import Scope

from ..events.catalogue import EventDefinition, all_events
from ..events.function_events import CALL_ENDS, CGROUPS, FUNCTIONS, RAW_EVENTS
from ..tables import AcceptTables
from .attach.attachments import Hook, HookKind
from .attach.features import has_function, types
from .attach.preemption import preempts_raw_tracepoints
from .attach.syscall_hooks import Rung, call_function, exit_point, rung
from .build.btf import Wanted
from .build.structures import BPF_MAPS, FILES, MOVED_TASKS, OWNERS, REMOTE_SOCKETS, merged
from .build.structures import SOCKETS as ADDRESSES

PAGE: Final = 4096
CALLS: Final = 1024
PROCESSES: Final = 131072
"""Whose facts are kept; more push out those that had no event for longest."""

EXECS_AT_ONCE: Final = 256

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn")

CALL_FUNCTIONS: Final = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_"}
"""How the kernel's functions of system calls begin, by machine."""

SECCOMP: Final = "__secure_computing"
"""Asks the filters of a process that has some whether it may make a call; -1 if not."""

RAW, TRACEPOINT, KPROBE = HookKind.RAW_TRACEPOINT, HookKind.TRACEPOINT, HookKind.KPROBE

PACKET: Final = "net_packet_ip_base"
PAYLOADS: Final = {"DNS": "net_packet_dns_base", "HTTP": "net_packet_http_base"}
"""What is sent of packets, and what says that more of them than their headers is needed."""

SOCKETS: Final = 32768
"""Whose owners are kept; more push out those that were not used for longest."""

RAW_HOOKS: Final[Mapping[str, Sequence[Hook]]] = {
    "fork": [Hook(RAW, "sched_process_fork", "on_fork")],
    "exec": [Hook(RAW, "sched_process_exec", "on_exec")],
    "exit": [Hook(RAW, "sched_process_exit", "on_exit")],
}
STEADY_HOOKS: Final[Mapping[str, Sequence[Hook]]] = {
    "fork": [Hook(KPROBE, "wake_up_new_task", "on_fork")],
    "exec": [
        Hook(KPROBE, "security_bprm_committed_creds", "enter_program"),
        Hook(TRACEPOINT, "sched:sched_process_exec", "on_exec"),
    ],
    "exit": [Hook(TRACEPOINT, "sched:sched_process_exit", "on_exit")],
}
"""Where raw tracepoints can be preempted (see preemption.py).  The others stay: cgroups are made
and removed under one lock, and tasks are freed where nothing can stop it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run wants of the kernel side; ``ring_bytes`` is a power of two.

    ``command`` is the process id of the COMMAND whose tree alone is traced; ``containers``
    asks for the container of each event, also where no filter does; ``compat`` tells whether
    32-bit system calls are events.  ``exec_env`` asks for the environments of programs and of
    calls, ``program_env`` for the former alone.
    """

    scopes: Sequence[Scope]
    exec_env: bool = False
    program_env: bool = False
    command: int | None = None
    ring_bytes: int = 16 << 20
    processes: int = PROCESSES
    containers: bool = False
    compat: bool = True


class Hooks:
    """What the settings and the tables ask for."""

    def __init__(self, settings: Settings, tables: AcceptTables, *, steady: bool) -> None:
        self._settings = settings
        self._tables = tables
        self._steady = steady
        self._catalogue = all_events()
        self._rung = (
            Rung.ALL
            if self._selects("magic_write")
            else rung(self.selected_calls(), compat=settings.compat)
        )

    def defines(self) -> dict[str, str]:
        """Return the C constants of the run, but for those of its tables."""
        names = {
            "CALLS": str(CALLS),
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
        switches = {
            "SYSCALL_EVENTS": bool(self.selected_calls()),
            "EXEC_CALLS": self._selects(*EXEC_CALLS),
            "CALLS_WITHOUT_RETURN": self._selects(*CALLS_WITHOUT_RETURN),
            "SELECT_FORK": self._selects("sched_process_fork"),
            "SELECT_EXEC": self._selects("sched_process_exec"),
            "SELECT_EXIT": self._selects("sched_process_exit"),
            "EXEC_ENVIRONMENT": self._settings.exec_env or self._settings.program_env,
            "COMMAND_ONLY": self._settings.command is not None,
            "CGROUP_EVENTS": self.reports_cgroups,
            "FUNCTION_EVENTS": bool(self._function_events()),
            "STEADY_HOOKS": self._steady,
            "CALLS_AT_PERF_EVENTS": self._steady or self._rung is Rung.TRACEPOINTS,
            "CALLS_AT_FUNCTIONS": self._rung is Rung.FUNCTIONS,
            "PREEMPTIBLE": self._rung is Rung.FUNCTIONS or preempts_raw_tracepoints(),
            "NATIVE_CALLS_ONLY": not self._settings.compat,
            "SOCKET_EVENTS": self._selects_sockets(),
        }
        if self._rung is Rung.FUNCTIONS and has_function(SECCOMP):
            names["SECCOMP_ARGUMENTS"] = str(types().arguments(SECCOMP))
        return names | functions | {name: "" for name, on in switches.items() if on}

    @property
    def track_containers(self) -> bool:
        """Whether anybody wants to know; it makes a start a tenth longer."""
        return self._settings.containers or self._tables.container is not None

    @property
    def track_packets(self) -> bool:
        """Whether some scope wants events of packets."""
        return self._selects(PACKET)

    def hooks(self) -> list[Hook]:
        """Return every function that is needed and where it runs."""
        cgroups = (Hook(RAW, e.name, f"report_{e.name}") for e in self._cgroup_events())
        calls = [*self._call_hooks(), *self._function_hooks(), *self._packet_hooks()]
        names = [Hook(RAW, "task_rename", "on_task_rename")] if self._selects("task_rename") else []
        return [*self._process_hooks(), *cgroups, *names, *calls]

    def _process_hooks(self) -> Iterator[Hook]:
        tracks = self._settings.command is not None or self._tables.of_life
        execs = self._selects(*EXEC_CALLS)
        hooks = STEADY_HOOKS if self._steady else RAW_HOOKS
        if tracks or self._selects("sched_process_fork"):
            yield from hooks["fork"]
        if tracks or execs or self._selects("sched_process_exec"):
            yield from hooks["exec"]
        if execs or self._selects("sched_process_exit"):
            yield from hooks["exit"]
        if tracks:
            yield Hook(RAW, "sched_process_free", "on_free")
        if self.track_containers:
            yield Hook(RAW, "cgroup_mkdir", "on_cgroup_mkdir")
            yield Hook(RAW, "cgroup_rmdir", "on_cgroup_rmdir")

    def _call_hooks(self) -> Iterator[Hook]:
        kind, point = (TRACEPOINT, "raw_syscalls:sys_exit") if self._steady else (RAW, "sys_exit")
        if self._rung is Rung.FUNCTIONS:
            yield from self._call_functions()
        elif self._rung is Rung.TRACEPOINTS:
            points = map(exit_point, self.selected_calls())
            yield from (Hook(TRACEPOINT, each, "on_syscall_return") for each in points)
        elif self.selected_calls():
            yield Hook(kind, point, "on_syscall_return")
        if self._selects("magic_write"):
            yield Hook(kind, point, "on_write_return")
        if self._selects("socket_dup"):
            yield Hook(kind, point, "on_dup_return")
        entries = {c: "enter_without_return" for c in CALLS_WITHOUT_RETURN if self._selects(c)}
        if self._selects(*EXEC_CALLS):
            entries |= dict.fromkeys(EXEC_CALLS, "enter_exec")
        for call, function in entries.items():
            if self._rung is Rung.FUNCTIONS and (at := call_function(call)):
                yield Hook(HookKind.FENTRY, at, function)
            elif self._steady:
                yield Hook(KPROBE, f"{CALL_FUNCTIONS[platform.machine()]}{call}", function)
            else:
                yield Hook(TRACEPOINT, f"syscalls:sys_enter_{call}", function)

    def _call_functions(self) -> Iterator[Hook]:
        ended = (c.name for c in self.selected_calls() if c.name not in CALLS_WITHOUT_RETURN)
        functions = map(call_function, ended)
        yield from (Hook(HookKind.FEXIT, at, "on_syscall_end") for at in functions if at)
        if has_function(SECCOMP):
            yield Hook(HookKind.FEXIT, SECCOMP, "on_syscall_refused")

    def _function_hooks(self) -> Iterator[Hook]:
        for event in self._function_events():
            yield from (Hook(KPROBE, name, program_at(name, event)) for name in event.functions)

    def _packet_hooks(self) -> Iterator[Hook]:
        kind, prefix = (TRACEPOINT, "raw_syscalls:") if self._steady else (RAW, "")
        if self._selects(PACKET):
            yield Hook(kind, f"{prefix}sys_enter", "on_socket_use")
            yield Hook(kind, f"{prefix}sys_exit", "on_socket_made")
            yield Hook(HookKind.CGROUP, "ingress", "on_packet_in")
            yield Hook(HookKind.CGROUP, "egress", "on_packet_out")

    def fillers(self) -> Mapping[int, str]:
        """Return our function that fills the record of an event, by its number."""
        names = (e.name for e in self._function_events() if e.name != "magic_write")
        return {self._catalogue[name].id: f"put_{name}" for name in names}

    @property
    def reports_cgroups(self) -> bool:
        """Whether an event of cgroups is selected."""
        return bool(self._cgroup_events())

    def structures(self) -> Wanted:
        """Return the structures of the kernel that only some events read."""
        names = [event.name for event in self._function_events()]
        wanted: Wanted = FILES if names or self._raw_events() or self._call_ends() else {}
        if self._selects("cgroup_attach_task", "task_rename"):
            wanted = merged(wanted, MOVED_TASKS)
        if self._selects(PACKET):
            wanted = merged(wanted, OWNERS)
        if self._selects_sockets() or self._selects("socket_dup"):
            wanted = merged(wanted, ADDRESSES)
        if self._selects("socket_dup"):
            wanted = merged(wanted, REMOTE_SOCKETS)
        return merged(wanted, BPF_MAPS) if "security_bpf_map" in names else wanted

    def selected_calls(self) -> list[EventDefinition]:
        """Return the system calls that some scope selected."""
        selected = (self._catalogue[name] for name in self._tables.select)
        return [event for event in selected if event.syscall]

    def _function_events(self) -> list[EventDefinition]:
        return [e for name in self._tables.select if (e := self._catalogue[name]).functions]

    def _raw_events(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in RAW_EVENTS if self._selects(name)]

    def _cgroup_events(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in CGROUPS if self._selects(name)]

    def _call_ends(self) -> list[EventDefinition]:
        return [self._catalogue[name] for name in CALL_ENDS if self._selects(name)]

    def _selects_sockets(self) -> bool:
        return any(name.startswith("security_socket_") for name in self._tables.select)

    def _selects(self, *names: str) -> bool:
        return any(name in self._tables.select for name in names)


def program_at(function: str, event: EventDefinition) -> str:
    """Return our program at a function of the kernel; another event may have one there, too."""
    shared = event.name != function and function in FUNCTIONS
    return f"alert_{function}" if shared else f"on_{function}"
