"""Signatures of processes that take hold of others, or keep others from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..event import TraceEvent
from .signature import Finding, Signature, Values

PTRACE_TRACEME: Final = 0


class AntiDebugging(Signature):
    """TRC-102: a process has itself traced, so that no debugger can.

    The finding is the call, as the seed document shows it; v0.12 told nothing (facts, 0).
    """

    event = "anti_debugging"
    needs = ("ptrace",)
    arguments = (("long", "request"), ("pid_t", "pid"), ("void*", "addr"), ("void*", "data"))
    description = "A process asked to be traced by its parent, which keeps debuggers away."
    properties = {
        "id": "TRC-102",
        "Severity": 1,
        "Category": "defense-evasion",
        "Technique": "Debugger Evasion",
        "external_id": "T1622",
    }

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the call that asks for it."""
        if args["request"] == PTRACE_TRACEME:
            yield args
