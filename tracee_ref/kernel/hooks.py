# SPDX-License-Identifier: Apache-2.0
"""Hooks of a run: the BPF functions to attach, where, and what needs them."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from ..abi import CallEntry, ReturnProgram
from ..decode.compat_arguments import ARRAY_EVENTS, SUBCALL_EVENTS
from ..events.catalogue import all_events, compat_events, native_events
from ..events.declarations import HookType
from ..events.function_events import SYS_ENTER, SYS_EXIT
from ..tables import AcceptTables
from .attach.attachments import Hook, HookKind
from .attach.features import has_function, types, uses_perf_events
from .attach.syscall_hooks import (
    SyscallHook,
    call_function,
    choose_syscall_hook,
    entry_point,
    exit_point,
    is_x86,
)
from .build.event_code import hook_points, identifier, program_name
from .call_arguments import CALLS_WITHOUT_RETURN, EXEC_CALLS, call_entry
from .probes.programs import probe_hooks
from .selection import SelectedEvents

CALL_FUNCTIONS: Final = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_"}
"""Prefix of the kernel functions of syscalls, by machine."""

SECCOMP: Final = "__secure_computing"
"""Kernel function that runs a process's seccomp filters; it returns -1 for a refused syscall."""

ENTRY_PROGRAMS: Final = {
    CallEntry.ARGUMENTS: "on_syscall_enter",
    CallEntry.EXEC: "enter_exec",
    CallEntry.WITHOUT_RETURN: "enter_without_return",
}
ENTRY_REASONS: Final = {
    CallEntry.ARGUMENTS: "arguments in memory may change before the return",
    CallEntry.EXEC: "an exec may not return",
    CallEntry.WITHOUT_RETURN: "no return",
}
"""Programs at the entry of a syscall, and why they are attached."""

RAW, TRACEPOINT, KPROBE = HookKind.RAW_TRACEPOINT, HookKind.TRACEPOINT, HookKind.KPROBE

HOOK_KINDS: Final = {
    HookType.KPROBE: HookKind.KPROBE,
    HookType.KRETPROBE: HookKind.KRETPROBE,
    HookType.JOINED: HookKind.KPROBE,
    HookType.RAW_TRACEPOINT: HookKind.RAW_TRACEPOINT,
}
"""Kinds of hooks that are at one point for each program."""

PROGRAMS: Final = {
    "security_mmap_addr": "alert_security_mmap_addr",
    "security_file_mprotect": "alert_security_file_mprotect",
    "security_mmap_file": "on_executable_mapping",
    "vfs_write": "begin_vfs_write",
    "vfs_writev": "begin_vfs_writev",
}
"""Programs in bpf/ by the kernel function that they are at."""

PACKET: Final = "net_packet_ip_base"
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


class HookPlan:
    """Hooks for the selected events, and for the filters of ``tables``.

    ``command_only`` hooks what limits a run to the process tree of its COMMAND, ``containers``
    what tracks containers; ``compat`` includes 32-bit syscalls, with ``subcalls`` those behind
    socketcall and ipc.  With ``at_entry`` the arguments that syscalls are given in memory are read
    at their entry (rule 19).
    """

    def __init__(
        self,
        selected: SelectedEvents,
        tables: AcceptTables,
        *,
        command_only: bool,
        containers: bool,
        compat: bool,
        at_entry: bool,
    ) -> None:
        self._at_entry = at_entry
        self._compat = compat
        self._selected = selected
        self._tables = tables
        self._command_only = command_only
        self._containers = containers
        self.perf_events = uses_perf_events()
        self.syscall_hook, self._syscall_hook_reason = self._choose_syscall_hook(compat)
        self.subcalls = self._sees_compat and selected.selects(*SUBCALL_EVENTS)

    def _choose_syscall_hook(self, compat: bool) -> tuple[SyscallHook, str]:
        if self._selected.selects("magic_write"):
            return SyscallHook.ALL_SYSCALLS, "magic_write needs the return of every write"
        return choose_syscall_hook(self._selected.syscalls, compat=compat)

    @cached_property
    def _entries(self) -> Mapping[str, CallEntry]:
        """What happens at the entry of the selected syscalls, those without anything left out.

        Both execs are hooked if one is selected: one that succeeds without a record of its entry
        counts as lost (bpf/events/exec_calls.h).
        """
        calls = self._selected.syscalls
        entries = {call.name: call_entry(call, arguments=self._at_entry) for call in calls}
        if self._selected.selects(*EXEC_CALLS):
            entries |= dict.fromkeys(EXEC_CALLS, CallEntry.EXEC)
        return {name: entry for name, entry in entries.items() if entry}

    @property
    def keeps_arguments(self) -> bool:
        """Whether a selected syscall is given arguments in memory, to be read at its entry."""
        return CallEntry.ARGUMENTS in self._entries.values() or self.keeps_arrays

    @cached_property
    def keeps_arrays(self) -> bool:
        """Whether a selected 32-bit syscall has its arguments in an array in memory."""
        return self._at_entry and self._sees_compat and self._selected.selects(*ARRAY_EVENTS)

    @property
    def _sees_compat(self) -> bool:
        """Whether 32-bit syscalls are hooked."""
        all_ = self.syscall_hook is SyscallHook.ALL_SYSCALLS
        return self._compat and all_ and bool(compat_events())

    @property
    def at_all_entries(self) -> bool:
        """Whether the entry of all syscalls is hooked: only there 32-bit syscalls are seen."""
        if self.syscall_hook is not SyscallHook.ALL_SYSCALLS:
            return False
        return self.keeps_arguments or (self._compat and bool(self._entries))

    def call_entries(self) -> Mapping[int, CallEntry]:
        """Return what happens at the entry of syscalls, by event id."""
        return {all_events()[name].id: entry for name, entry in self._entries.items()}

    def hooks(self) -> list[Hook]:
        """Return every BPF function to attach, its hook, and what needs it."""
        return [
            *self._process_hooks(),
            *self._declared_hooks(),
            *self._call_hooks(),
            *self._entry_hooks(),
            *self._exec_entry_hooks(),
            *self._program_hooks(),
            *self._every_syscall_hooks(),
            *self._packet_hooks(),
            *probe_hooks(self._selected.probes),
        ]

    def _process_hooks(self) -> Iterator[Hook]:
        state = self._process_state_reason()
        execs = self._selected.reason(*EXEC_CALLS)
        exec_event = self._selected.reason("sched_process_exec")
        hooks = PERF_EVENT_HOOKS if self.perf_events else RAW_HOOKS
        for hook_set, reasons in (
            ("fork", (state, self._selected.reason("sched_process_fork"))),
            ("exec", (state, execs, self.exec_entries_reason or exec_event)),
            ("exit", (execs, self._selected.reason("sched_process_exit"))),
        ):
            reason = "; ".join(filter(None, reasons))
            yield from (replace(hook, reason=reason) for hook in hooks[hook_set] if reason)
        if state:
            yield Hook(RAW, "sched_process_free", "on_free", state)
        if self._containers:
            yield Hook(RAW, "cgroup_mkdir", "on_cgroup_mkdir", "containers")
            yield Hook(RAW, "cgroup_rmdir", "on_cgroup_rmdir", "containers")

    def _process_state_reason(self) -> str:
        """Return why forks and execs are followed; empty if nothing needs it."""
        tables = {"binary": self._tables.binary, "tree": self._tables.tree}
        filters = [name for name, table in tables.items() if table is not None]
        filters += ["follow"] if self._tables.follow else []
        reasons = ["process tree of the COMMAND"] if self._command_only else []
        reasons += [f"filters {', '.join(filters)}"] if filters else []
        return "; ".join(reasons)

    def _declared_hooks(self) -> Iterator[Hook]:
        """Give the hooks of events whose programs are generated."""
        for event in self._selected.declared(*HOOK_KINDS):
            function, reason = program_name(event), f"event {event.name}"
            for point in hook_points(event, types()):
                yield Hook(HOOK_KINDS[event.hook], point, function, reason)
        yield from self._joined_hooks()
        kind, point = self._syscall_exit
        for event in self._selected.declared(HookType.SYSCALL_END):
            yield Hook(kind, point, program_name(event), f"event {event.name}")

    def _joined_hooks(self) -> Iterator[Hook]:
        joined = self._selected.declared(HookType.JOINED)
        for event in joined:
            for point in hook_points(event, types()):
                function, reason = f"return_{identifier(event)}", f"event {event.name}"
                yield Hook(HookKind.KRETPROBE, point, function, reason)
        if joined:
            yield Hook(KPROBE, "do_exit", "on_joined_exit", "functions that a task ends in")

    @property
    def _syscall_exit(self) -> tuple[HookKind, str]:
        """Return the hook at the exit of all syscalls."""
        return (TRACEPOINT, "raw_syscalls:sys_exit") if self.perf_events else (RAW, "sys_exit")

    def _call_hooks(self) -> Iterator[Hook]:
        kind, point = self._syscall_exit
        if self.syscall_hook is SyscallHook.FUNCTIONS:
            yield from self._call_functions()
        elif self.syscall_hook is SyscallHook.TRACEPOINTS:
            for call in self._selected.syscalls:
                reason = f"event {call.name}; {self._syscall_hook_reason}"
                yield Hook(TRACEPOINT, exit_point(call), "on_syscall_return", reason)
        elif self._selected.syscalls:
            reason = f"syscall events; {self._syscall_hook_reason}"
            yield Hook(kind, point, "on_syscall_return", reason)
        if self._selected.selects("magic_write"):
            yield Hook(kind, point, "on_write_return", "event magic_write")

    def _entry_hooks(self) -> Iterator[Hook]:
        if self.keeps_arguments:
            kind, point = (
                (TRACEPOINT, "sched:sched_process_exit")
                if self.perf_events
                else (RAW, "sched_process_exit")
            )
            yield Hook(kind, point, "on_task_exit", "arguments of a syscall that its task ends in")
        if self.at_all_entries:
            kind, point = (
                (TRACEPOINT, "raw_syscalls:sys_enter") if self.perf_events else (RAW, "sys_enter")
            )
            yield Hook(kind, point, "on_syscall_enter", "; ".join(self._entry_reasons()))
            return
        native = frozenset(native_events().values())
        for call, entry in self._entries.items():
            if all_events()[call].id in native:
                yield self._entry_hook(call, ENTRY_PROGRAMS[entry], ENTRY_REASONS[entry])

    @property
    def exec_entries_reason(self) -> str:
        """What needs the name before an exec, and on x86-64 its syscall; or nothing."""
        within = [event.name for event in self._selected.functions] if is_x86() else []
        return self._selected.reason("sched_process_exec", *within)

    def _exec_entry_hooks(self) -> Iterator[Hook]:
        if reason := self.exec_entries_reason:
            kind, point = (KPROBE, "begin_new_exec") if self.perf_events else (RAW, "task_rename")
            yield Hook(kind, point, "on_begin_exec", f"syscall and name before: {reason}")

    def _entry_reasons(self) -> Iterator[str]:
        """Give the reasons for a hook at the entry of all syscalls."""
        for entry, reason in ENTRY_REASONS.items():
            calls = [name for name, found in self._entries.items() if found is entry]
            if calls:
                yield f"{reason}: {', '.join(calls)}"
        if self.keeps_arrays:
            calls = [call.name for call in self._selected.syscalls if call.name in ARRAY_EVENTS]
            yield f"the array of arguments of 32-bit syscalls may change: {', '.join(calls)}"

    def _entry_hook(self, call: str, function: str, reason: str) -> Hook:
        """Return the hook at the entry of one syscall."""
        if self.syscall_hook is SyscallHook.FUNCTIONS and (at := call_function(call)):
            return Hook(HookKind.FENTRY, at, function, reason)
        if self.perf_events:
            return Hook(KPROBE, f"{CALL_FUNCTIONS[platform.machine()]}{call}", function, reason)
        return Hook(TRACEPOINT, entry_point(call), function, reason)

    def continuations(self) -> Iterator[tuple[str, int, Hook]]:
        """Give the programs that others go on with: array of programs, index, and program."""
        hooks = {hook.function: hook for hook in self.hooks()}
        ends = hooks.get("on_syscall_return") or hooks.get("on_syscall_end")
        if ends is not None:
            for index, function in self._return_programs():
                yield "return_programs", index, replace(ends, function=function)
        if self.at_all_entries:
            for entry in {*self._entries.values()} - {CallEntry.ARGUMENTS}:
                program = replace(hooks["on_syscall_enter"], function=ENTRY_PROGRAMS[entry])
                yield "entry_programs", entry, program

    def _return_programs(self) -> Iterator[tuple[ReturnProgram, str]]:
        """Give the programs that the one at the return of syscalls goes on with."""
        execs = self._selected.selects(*EXEC_CALLS)
        if self.keeps_arguments:
            yield ReturnProgram.COMPARE, "compare_argument"
        if execs:
            yield ReturnProgram.EXEC, "return_exec"
            yield ReturnProgram.EXEC_ARRAYS, "return_exec_arrays"
        if self.subcalls:
            yield ReturnProgram.AGAIN, "on_syscall_return"
        if execs and self._at_entry:
            yield ReturnProgram.COMPARE_EXEC, "compare_exec"
            yield ReturnProgram.COMPARE_EXEC_ARGUMENT, "compare_exec_argument"

    def _call_functions(self) -> Iterator[Hook]:
        for call in self._selected.syscalls:
            at = None if call.name in CALLS_WITHOUT_RETURN else call_function(call.name)
            if at:
                reason = f"event {call.name}; {self._syscall_hook_reason}"
                kept = self._entries.get(call.name) is CallEntry.ARGUMENTS
                program = "on_syscall_end" if kept else "on_plain_end"
                yield Hook(HookKind.FEXIT, at, program, reason)
        if has_function(SECCOMP):
            reason = "calls that seccomp refuses do not reach their function"
            yield Hook(HookKind.FEXIT, SECCOMP, "on_syscall_refused", reason)

    def _program_hooks(self) -> Iterator[Hook]:
        """Give the hooks of events at functions whose programs are in bpf/."""
        for event in self._selected.declared(HookType.PROGRAM):
            for name in hook_points(event, types()):
                yield Hook(KPROBE, name, PROGRAMS[name], f"event {event.name}")

    def _every_syscall_hooks(self) -> Iterator[Hook]:
        kind, prefix = (TRACEPOINT, "raw_syscalls:") if self.perf_events else (RAW, "")
        if reason := self._selected.reason(SYS_ENTER):
            yield Hook(kind, f"{prefix}sys_enter", "on_every_enter", reason)
        if reason := self._selected.reason(SYS_EXIT):
            if not self._selected.selects(SYS_ENTER):
                entries = f"{reason}: the registers do not name every syscall at its return"
                yield Hook(kind, f"{prefix}sys_enter", "on_every_enter", entries)
            yield Hook(kind, f"{prefix}sys_exit", "on_every_exit", reason)

    def _packet_hooks(self) -> Iterator[Hook]:
        kind, prefix = (TRACEPOINT, "raw_syscalls:") if self.perf_events else (RAW, "")
        if self._selected.selects(PACKET):
            owners = "packet events: the process that uses a socket"
            yield Hook(kind, f"{prefix}sys_enter", "on_socket_enter", owners)
            yield Hook(kind, f"{prefix}sys_exit", "on_socket_exit", owners)
            yield Hook(HookKind.CGROUP, "ingress", "on_packet_in", "packet events")
            yield Hook(HookKind.CGROUP, "egress", "on_packet_out", "packet events")

    def fillers(self) -> Mapping[int, str]:
        """Return event id -> the BPF function that fills its record."""
        events = [event for event in self._selected.at_functions if event.name != "magic_write"]
        return {event.id: f"put_{identifier(event)}" for event in events}

    def enders(self) -> Mapping[int, str]:
        """Return event id -> the program that completes its record at the return of a function."""
        events = self._selected.declared(HookType.JOINED)
        return {event.id: f"end_{identifier(event)}" for event in events}

    def raw_fillers(self) -> Mapping[int, str]:
        """Return event id -> the program that fills its record, of atomic tracepoints."""
        events = self._selected.declared(HookType.RAW_TRACEPOINT)
        return {event.id: f"put_{identifier(event)}" for event in events if event.atomic}
