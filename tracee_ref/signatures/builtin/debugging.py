# SPDX-License-Identifier: Apache-2.0
"""Signatures of debugging: ptrace of other processes, and its prevention."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values, signature_properties

PTRACE_TRACEME: Final = 0
PTRACE_POKE: Final = frozenset({4, 5})
"""PTRACE_POKETEXT and PTRACE_POKEDATA, which do the same on Linux."""

PTRACE_ARGUMENTS: Final = (
    ("long", "request"), ("pid_t", "pid"), ("void*", "addr"), ("void*", "data"),
)  # fmt: skip


class AntiDebugging(Signature):
    """TRC-102: a process requests to be traced, so that no debugger can attach.

    The finding has the arguments of the call; in Tracee v0.12 it has none
    (docs/design/tracee-v0.12-facts.md, 0).
    """

    event = "anti_debugging"
    needs = ("ptrace",)
    arguments = PTRACE_ARGUMENTS
    description = "A process asked to be traced by its parent, which keeps debuggers away."
    properties = signature_properties("TRC-102", 1, "defense-evasion", "Debugger Evasion", "T1622")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return a PTRACE_TRACEME."""
        return (args,) if args["request"] == PTRACE_TRACEME else ()


class PtraceCodeInjection(Signature):
    """TRC-103: a process writes to the memory of a process that it traces."""

    event = "ptrace_code_injection"
    needs = ("ptrace",)
    arguments = PTRACE_ARGUMENTS
    description = "A process wrote into the memory of another by ptrace."
    properties = signature_properties(
        "TRC-103", 3, "defense-evasion", "Ptrace System Calls", "T1055.008"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return a PTRACE_POKETEXT or PTRACE_POKEDATA."""
        return (args,) if args["request"] in PTRACE_POKE else ()
