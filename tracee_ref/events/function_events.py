# SPDX-License-Identifier: Apache-2.0
"""Declared events by their hooks.

Every kernel has system calls and tracepoints; an event at a function needs kprobes
(tracee_ref/kernel/attach/features.py) and the function itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .declarations import HookDeclaration, HookType
from .declared_rows import shipped_declarations

AT_FUNCTIONS: Final = frozenset(
    (HookType.KPROBE, HookType.KRETPROBE, HookType.JOINED, HookType.PROGRAM)
)
"""Hooks that need kprobes."""


def names_at(*hooks: HookType) -> tuple[str, ...]:
    """Return the names of the events in ``data/hooks.json`` at a type of hook."""
    return tuple(name for name, event in shipped_declarations().items() if event.hook in hooks)


def functions_of(declaration: HookDeclaration) -> tuple[str, ...]:
    """Return the kernel functions that an event hooks, of alternatives the first."""
    if declaration.hook not in AT_FUNCTIONS:
        return ()
    return tuple(point[0] for point in declaration.points)


FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: functions_of(shipped_declarations()[name]) for name in names_at(*AT_FUNCTIONS)}
)
"""Kernel functions that each shipped event hooks."""

CGROUPS: Final = ("cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task")
RAW_TRACEPOINT_EVENTS: Final = names_at(HookType.RAW_TRACEPOINT)
"""Shipped events at raw tracepoints, with records like those of functions."""

CALL_ENDS: Final = names_at(HookType.SYSCALL_END)
"""Shipped events at the exit of syscalls other than the syscall itself, with such records, too."""

SYS_ENTER, SYS_EXIT = "sys_enter", "sys_exit"
EVERY_SYSCALL: Final = (SYS_ENTER, SYS_EXIT)
"""Events of every syscall (bpf/events/every_syscall.h)."""
