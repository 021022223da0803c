"""Which programs a run needs: their constants, and the hooks that they go on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.scope import Scope

from ..catalogue import EventDefinition, load_catalogue
from ..tables import AcceptTables

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
        switches = {
            "SYSCALL_EVENTS": bool(self.selected_calls()),
            "EXEC_CALLS": self._selects(*EXEC_CALLS),
            "CALLS_WITHOUT_RETURN": self._selects(*CALLS_WITHOUT_RETURN),
            "SELECT_FORK": self._selects("sched_process_fork"),
            "SELECT_EXEC": self._selects("sched_process_exec"),
            "SELECT_EXIT": self._selects("sched_process_exit"),
            "EXEC_ENVIRONMENT": self._settings.exec_env,
            "COMMAND_ONLY": self._settings.command is not None,
        }
        return names | {name: "" for name, on in switches.items() if on}

    @property
    def track_containers(self) -> bool:
        """Whether anybody wants to know; it makes a start a tenth longer."""
        return self._settings.containers or self._tables.container is not None

    def raw_tracepoints(self) -> Mapping[str, str]:
        """Return the function for each raw tracepoint that is needed."""
        tracks = self._settings.command is not None or self._tables.of_life
        execs = self._selects(*EXEC_CALLS)
        points = {
            "sched_process_fork": ("on_fork", tracks or self._selects("sched_process_fork")),
            "sched_process_exec": (
                "on_exec",
                tracks or execs or self._selects("sched_process_exec"),
            ),
            "sched_process_exit": ("on_exit", execs or self._selects("sched_process_exit")),
            "sched_process_free": ("on_free", tracks),
            "cgroup_mkdir": ("on_cgroup_mkdir", self.track_containers),
            "cgroup_rmdir": ("on_cgroup_rmdir", self.track_containers),
            "sys_exit": ("on_syscall_return", bool(self.selected_calls())),
        }
        return {point: function for point, (function, needed) in points.items() if needed}

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

    def _selects(self, *names: str) -> bool:
        return any(name in self._tables.select for name in names)
