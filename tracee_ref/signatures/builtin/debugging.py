# SPDX-License-Identifier: Apache-2.0
"""Signatures of processes that take hold of others, or keep others from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values
from ..describing import described

PTRACE_TRACEME: Final = 0
PTRACE_POKE: Final = frozenset({4, 5})
"""PTRACE_POKETEXT and PTRACE_POKEDATA, which are the same on Linux."""

PTRACE_ARGUMENTS: Final = (
    ("long", "request"), ("pid_t", "pid"), ("void*", "addr"), ("void*", "data"),
)  # fmt: skip


class AntiDebugging(Signature):
    """TRC-102: a process has itself traced, so that no debugger can.

    The finding is the call, as the seed document shows it; v0.12 told nothing (facts, 0).
    """

    event = "anti_debugging"
    needs = ("ptrace",)
    arguments = PTRACE_ARGUMENTS
    description = "A process asked to be traced by its parent, which keeps debuggers away."
    properties = described("TRC-102", 1, "defense-evasion", "Debugger Evasion", "T1622")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the call that asks for it."""
        return (args,) if args["request"] == PTRACE_TRACEME else ()


class PtraceCodeInjection(Signature):
    """TRC-103: a process writes into the memory of one that it traces."""

    event = "ptrace_code_injection"
    needs = ("ptrace",)
    arguments = PTRACE_ARGUMENTS
    description = "A process wrote into the memory of another by ptrace."
    properties = described("TRC-103", 3, "defense-evasion", "Ptrace System Calls", "T1055.008")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the call that writes."""
        return (args,) if args["request"] in PTRACE_POKE else ()
