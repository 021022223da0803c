# SPDX-License-Identifier: Apache-2.0
"""Programs on the hooks of the kernel, and off them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ..build.program import Program
from .cgroup_skb import CgroupPackets
from .fentry import AT_FUNCTIONS, Trampolines
from .kprobes import Kprobes
from .tracepoints import Tracepoints


class HookKind(Enum):
    """How a program is called; the value is BCC's name of the program type."""

    RAW_TRACEPOINT = "RAW_TRACEPOINT"
    TRACEPOINT = "TRACEPOINT"
    """By the perf event of a tracepoint: with less at hand, but never preempted."""

    KPROBE = "KPROBE"
    FENTRY = "FENTRY"
    """At the beginning of a function, by code that the kernel makes for it."""

    FEXIT = "FEXIT"
    """At its end."""

    CGROUP = "CGROUP_SKB"
    """At the packets of the sockets that were made in a cgroup."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A BPF function and the hook it is attached to.

    ``point`` is the name of a raw tracepoint, CATEGORY:NAME of a tracepoint, a function of the
    kernel, or for packets ``ingress`` or ``egress``.  ``reason`` says for people what needs it.
    """

    kind: HookKind
    point: str
    function: str
    reason: str = field(default="", compare=False)

    @property
    def at(self) -> str:
        """The kernel's function that the program is for alone; empty for most kinds."""
        return self.point if self.kind.value in AT_FUNCTIONS else ""


class Attachments:
    """What is on its hooks; raises HostError where the kernel refuses.

    With a ``command`` only the packets of what that starts are looked at.
    """

    def __init__(self, program: Program, command: int | None = None) -> None:
        self._program = program
        self._command = command
        self._packets: CgroupPackets | None = None
        self._tracepoints: Tracepoints | None = None
        self._kprobes: Kprobes | None = None
        self._trampolines = Trampolines()

    def attach(self, hook: Hook) -> None:
        """Load the function and run it whenever its hook is passed, on any CPU."""
        fd = self._program.load(hook.function, hook.kind.value, hook.at)
        if hook.kind is HookKind.RAW_TRACEPOINT:
            self._program.attach_raw_tracepoint(hook.point, hook.function)
        elif hook.at:
            self._trampolines.attach(hook.point, fd)
        elif hook.kind is HookKind.TRACEPOINT:
            self._tracepoints = self._tracepoints or Tracepoints()
            self._tracepoints.attach(hook.point, fd)
        elif hook.kind is HookKind.CGROUP:
            self._packets = self._packets or CgroupPackets(self._command)
            self._packets.attach(hook.point, fd)
        else:
            self._kprobes = self._kprobes or Kprobes()
            self._kprobes.attach(hook.point, fd)

    def close(self) -> None:
        """Take all off."""
        self._program.detach_raw_tracepoints()
        for hooks in (self._tracepoints, self._kprobes, self._packets, self._trampolines):
            if hooks:
                hooks.close()
        self._tracepoints = self._kprobes = self._packets = None
