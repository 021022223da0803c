# SPDX-License-Identifier: Apache-2.0
"""Attaching of BPF programs to hooks of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ..build.program import ATTACH_TYPES, Program
from .cgroup_skb import CgroupPackets
from .fentry import Trampolines
from .kprobes import Kprobes
from .tracepoints import Tracepoints
from .uprobes import Uprobes, UserPoint


class HookKind(Enum):
    """Type of a hook; the value is a key of ``PROGRAM_TYPES``."""

    RAW_TRACEPOINT = "RAW_TRACEPOINT"
    TRACEPOINT = "TRACEPOINT"
    """The perf event of a tracepoint; its programs run with preemption off."""

    KPROBE = "KPROBE"
    """Entry of a kernel function."""

    KRETPROBE = "KRETPROBE"
    """Return of a kernel function."""

    UPROBE = "UPROBE"
    """An offset in a program or library; its programs are of the type of kprobes."""

    FENTRY = "FENTRY"
    """Entry of a kernel function, by a BPF trampoline."""

    FEXIT = "FEXIT"
    """Return of a kernel function, by a BPF trampoline."""

    CGROUP = "CGROUP_SKB"
    """Packets of the sockets that were created in a cgroup."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A BPF function and the hook that it is attached to.

    ``point`` is the name of a raw tracepoint, CATEGORY:NAME of a tracepoint, a kernel function, or
    ``ingress`` or ``egress`` for packets.  ``reason`` names for people what needs the hook.
    ``user`` is the point of a uprobe.
    """

    kind: HookKind
    point: str
    function: str
    reason: str = field(default="", compare=False)
    user: UserPoint | None = None

    @property
    def at(self) -> str:
        """The kernel function that the program is loaded for; empty unless fentry or fexit."""
        return self.point if self.kind.value in ATTACH_TYPES else ""


class Attachments:
    """Attached programs; raises HostError where the kernel refuses one.

    With a ``command`` (tgid) packet programs see only the packets of its process tree.
    """

    def __init__(self, program: Program, command: int | None = None) -> None:
        self._program = program
        self._command = command
        self._packets: CgroupPackets | None = None
        self._tracepoints: Tracepoints | None = None
        self._kprobes: Kprobes | None = None
        self._uprobes: Uprobes | None = None
        self._trampolines = Trampolines()

    def attach(self, hook: Hook) -> None:
        """Load the function and attach it, on all CPUs."""
        fd = self._program.load(hook.function, hook.kind.value, hook.at)
        if hook.kind is HookKind.RAW_TRACEPOINT:
            self._program.attach_raw_tracepoint(hook.point, hook.function)
        elif hook.at:
            self._trampolines.attach(hook.point, fd)
        elif hook.kind is HookKind.TRACEPOINT:
            self._tracepoints = self._tracepoints or Tracepoints()
            self._tracepoints.attach(hook.point, fd)
        elif hook.user is not None:
            self._uprobes = self._uprobes or Uprobes()
            self._uprobes.attach(hook.user, fd)
        elif hook.kind is HookKind.CGROUP:
            self._packets = self._packets or CgroupPackets(self._command)
            self._packets.attach(hook.point, fd)
        else:
            self._kprobes = self._kprobes or Kprobes()
            at_return = hook.kind is HookKind.KRETPROBE
            self._kprobes.attach(hook.point, fd, at_return=at_return)

    def close(self) -> None:
        """Detach everything."""
        self._program.detach_raw_tracepoints()
        perf_events = (self._tracepoints, self._kprobes, self._uprobes)
        for hooks in (*perf_events, self._packets, self._trampolines):
            if hooks:
                hooks.close()
        self._tracepoints = self._kprobes = self._uprobes = self._packets = None
