# SPDX-License-Identifier: Apache-2.0
"""Wording of events, masks and reasons in reports."""

from __future__ import annotations

from typing import Final

from ...model.scope import MAX_SCOPES
from ...strings import visible
from ..reference.semantics import ModelSemantics
from ..run.explain import explain
from .events_json import JsonEvent
from .verdicts import Verdicts

EXPLAINED_SCOPES: Final = 3
"""Scopes of a wrong mask that a report explains; up to 64 may be wrong."""


def summary(event: JsonEvent) -> str:
    """Return name, comm and pid of an event, for a line of a report."""
    name, comm = visible(event["eventName"]), visible(event["processName"])
    return f"{name} of {comm} (process {event['hostProcessId']})"


def mask_text(mask: int, undecidable: int = 0) -> str:
    """Return a mask in hexadecimal with its scopes, and the undecidable scopes."""
    text = f"{mask:016x} ({scopes_text(mask)})"
    return f"{text}, undecidable {scopes_text(undecidable)}" if undecidable else text


def scopes_text(mask: int) -> str:
    """Return the numbers of the scopes in a mask."""
    numbers = [str(n) for n in range(1, MAX_SCOPES + 1) if mask >> (n - 1) & 1]
    return f"scopes {' '.join(numbers)}" if numbers else "no scope"


def reasons(verdicts: Verdicts, event: JsonEvent, mask: int) -> tuple[str, ...]:
    """Return the model's reasons for the scopes of a mask; a dialect has none."""
    semantics = verdicts.semantics
    if not isinstance(semantics, ModelSemantics):
        return ()
    possible = verdicts.possible_events(event)
    scopes = [scope for scope in semantics.scopes if scope.bit & mask][:EXPLAINED_SCOPES]
    explanations = explain(scopes, possible.events, possible.needs)
    return tuple(line for explanation in explanations for line in explanation.lines())
