# SPDX-License-Identifier: Apache-2.0
"""Events, masks and reasons in words."""

from __future__ import annotations

from typing import Final

from model.scope import MAX_SCOPES

from ...output.visible import visible
from ..reference.semantics import ModelSemantics
from ..run.explain import explain
from .events_json import Traced
from .verdicts import Verdicts

EXPLAINED: Final = 3
"""Scopes whose decision is put in words; a mask may be wrong in 64 of them."""


def summary(event: Traced) -> str:
    """Return what tells an event from others, for a line of a report."""
    name, comm = visible(event["eventName"]), visible(event["processName"])
    return f"{name} of {comm} (process {event['hostProcessId']})"


def mask_text(mask: int, open_: int = 0) -> str:
    """Return a mask by its scopes; those that are undecided stand behind it."""
    text = f"{mask:016x} ({scopes_text(mask)})"
    return f"{text}, undecided {scopes_text(open_)}" if open_ else text


def scopes_text(mask: int) -> str:
    """Return the numbers of the scopes in a mask."""
    numbers = [str(n) for n in range(1, MAX_SCOPES + 1) if mask >> (n - 1) & 1]
    return f"scopes {' '.join(numbers)}" if numbers else "no scope"


def reasons(verdicts: Verdicts, event: Traced, mask: int) -> tuple[str, ...]:
    """Return why the model decided so about the scopes of a mask; a dialect gives no reasons."""
    semantics = verdicts.semantics
    if not isinstance(semantics, ModelSemantics):
        return ()
    known = verdicts.settled(event)
    scopes = [one for one in semantics.scopes if one.bit & mask][:EXPLAINED]
    return tuple(line for one in explain(scopes, known.events, known.needs) for line in one.lines())
