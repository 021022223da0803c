"""Which programs a run needs: their constants, and the hooks that they go on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.scope import Scope

from ..catalogue import EventDefinition, load_catalogue
from ..tables import AcceptTables
from .btf import Wanted
from .structures import BPF_MAPS, FILES, SOCKETS, merged

PAGE: Final = 4096
CALLS: Final = 1024
PROCESSES: Final = 131072
"""Whose facts are kept; more push out those that had no event for longest."""

EXECS_AT_ONCE: Final = 256

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run wants of the kernel side; ``ring_bytes`` is a power of two.

    ``command`` is the process id of the COMMAND whose tree alone is traced; ``containers``
    asks for the container of each event, also where no filter does.
    """

    scopes: Sequence[Scope]
    exec_env: bool = False
    command: int | None = None
    ring_bytes: int = 16 << 20
    processes: int = PROCESSES
    containers: bool = False


class Hooks:
    """What the settings and the tables ask for."""

    def __init__(self, settings: Settings, tables: AcceptTables) -> None:
        self._settings = settings
        self._tables = tables
        self._catalogue = load_catalogue()

    def defines(self) -> dict[str, str]:
        """Return the C constants of the run, but for those of its tables."""
        names = {
            "TRACER_PID": str(os.getpid()),
            "CALLS": str(CALLS),
            "PROCESSES": str(self._settings.processes),
            "EXECS_AT_ONCE": str(EXECS_AT_ONCE),
            "RING_PAGES": str(self._settings.ring_bytes // PAGE),
            "EVENT_FORK": str(self._catalogue["sched_process_fork"].id),
            "EVENT_EXEC": str(self._catalogue["sched_process_exec"].id),
            "EVENT_EXIT": str(self._catalogue["sched_process_exit"].id),
        }
        functions = {f"EVENT_{e.name.upper()}": str(e.id) for e in self._function_events()}
        switches = {
            "SYSCALL_EVENTS": bool(self.selected_calls()),
            "EXEC_CALLS": self._selects(*EXEC_CALLS),
            "CALLS_WITHOUT_RETURN": self._selects(*CALLS_WITHOUT_RETURN),
            "SELECT_FORK": self._selects("sched_process_fork"),
            "SELECT_EXEC": self._selects("sched_process_exec"),
            "SELECT_EXIT": self._selects("sched_process_exit"),
            "EXEC_ENVIRONMENT": self._settings.exec_env,
            "COMMAND_ONLY": self._settings.command is not None,
            "FUNCTION_EVENTS": bool(functions),
            "SOCKET_EVENTS": self._selects_sockets(),
        }
        return names | functions | {name: "" for name, on in switches.items() if on}

    @property
    def track_containers(self) -> bool:
        """Whether anybody wants to know; it makes a start a tenth longer."""
        return self._settings.containers or self._tables.container is not None

    def raw_tracepoints(self) -> Mapping[str, str]:
        """Return the raw tracepoint for each function of ours that is needed."""
        tracks = self._settings.command is not None or self._tables.of_life
        execs = self._selects(*EXEC_CALLS)
        functions = {
            "on_fork": ("sched_process_fork", tracks or self._selects("sched_process_fork")),
            "on_exec": (
                "sched_process_exec",
                tracks or execs or self._selects("sched_process_exec"),
            ),
            "on_exit": ("sched_process_exit", execs or self._selects("sched_process_exit")),
            "on_free": ("sched_process_free", tracks),
            "on_cgroup_mkdir": ("cgroup_mkdir", self.track_containers),
            "on_cgroup_rmdir": ("cgroup_rmdir", self.track_containers),
            "on_syscall_return": ("sys_exit", bool(self.selected_calls())),
            "on_write_return": ("sys_exit", self._selects("magic_write")),
        }
        return {function: point for function, (point, needed) in functions.items() if needed}

    def kernel_functions(self) -> Mapping[str, str]:
        """Return our function for each function of the kernel that is watched."""
        watched = [name for event in self._function_events() for name in event.functions]
        return {name: f"on_{name}" for name in watched}

    def fillers(self) -> Mapping[int, str]:
        """Return our function that fills the record of an event, by its number."""
        names = (e.name for e in self._function_events() if e.functions == (e.name,))
        return {self._catalogue[name].id: f"put_{name}" for name in names}

    def structures(self) -> Wanted:
        """Return the structures of the kernel that only some events read."""
        names = [event.name for event in self._function_events()]
        wanted: Wanted = FILES if names else {}
        if self._selects_sockets():
            wanted = merged(wanted, SOCKETS)
        return merged(wanted, BPF_MAPS) if "security_bpf_map" in names else wanted

    def entries(self) -> Mapping[str, str]:
        """Return the function for each call that is judged at its entry."""
        wanted = {c: "enter_without_return" for c in CALLS_WITHOUT_RETURN if self._selects(c)}
        if self._selects(*EXEC_CALLS):
            wanted |= dict.fromkeys(EXEC_CALLS, "enter_exec")
        return wanted

    def selected_calls(self) -> list[EventDefinition]:
        """Return the system calls that some scope selected."""
        selected = (self._catalogue[name] for name in self._tables.select)
        return [event for event in selected if event.syscall]

    def _function_events(self) -> list[EventDefinition]:
        return [e for name in self._tables.select if (e := self._catalogue[name]).functions]

    def _selects_sockets(self) -> bool:
        return any(name.startswith("security_socket_") for name in self._tables.select)

    def _selects(self, *names: str) -> bool:
        return any(name in self._tables.select for name in names)
