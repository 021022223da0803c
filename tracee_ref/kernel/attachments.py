"""Programs on the hooks of the kernel, and off them again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .kprobes import Kprobes
from .program import Program
from .tracepoints import Tracepoints


class HookKind(Enum):
    """How a program is called; the value is BCC's name of the program type."""

    RAW_TRACEPOINT = "RAW_TRACEPOINT"
    TRACEPOINT = "TRACEPOINT"
    """By the perf event of a tracepoint: with less at hand, but never preempted."""

    KPROBE = "KPROBE"


@dataclass(frozen=True, slots=True)
class Hook:
    """A function of ours and where it runs.

    ``point`` is the name of a raw tracepoint, CATEGORY:NAME of a tracepoint, or a function of
    the kernel.
    """

    kind: HookKind
    point: str
    function: str


class Attachments:
    """What is on its hooks; raises HostError where the kernel refuses."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._tracepoints: Tracepoints | None = None
        self._kprobes: Kprobes | None = None

    def attach(self, hook: Hook) -> None:
        """Load the function and run it whenever its hook is passed, on any CPU."""
        fd = self._program.load(hook.function, hook.kind.value)
        if hook.kind is HookKind.RAW_TRACEPOINT:
            self._program.attach_raw_tracepoint(hook.point, hook.function)
        elif hook.kind is HookKind.TRACEPOINT:
            self._tracepoints = self._tracepoints or Tracepoints()
            self._tracepoints.attach(hook.point, fd)
        else:
            self._kprobes = self._kprobes or Kprobes()
            self._kprobes.attach(hook.point, fd)

    def close(self) -> None:
        """Take all off."""
        self._program.detach_raw_tracepoints()
        for hooks in (self._tracepoints, self._kprobes):
            if hooks:
                hooks.close()
        self._tracepoints = self._kprobes = None
