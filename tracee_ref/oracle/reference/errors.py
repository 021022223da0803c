"""Errors of the flag parser by class, so that other wordings can be compared with ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...errors import UsageError, usage_error
from ..protocol.encoding import Data

CLASSES: Final = {
    "invalid filter scope: ": "scope",
    "invalid filter expression: ": "expression",
    "invalid filter option specified (": "option",
    "failed to add filter: unsupported operator ": "operator",
    "invalid filter operator: ": "operator",
    "invalid filter value ": "value",
    "invalid PID given to filter: ": "value",
    "invalid event to ": "event",
    "invalid event name in filter: ": "event",
    "invalid set to ": "set",
    "invalid filter event argument: ": "argument",
    "invalid event context field: ": "field",
    "filter ": "not-selected",
    "scope ": "no-events",
}
"""How messages begin, and the class of each (docs/reference/vectors.md, "Grammar")."""


def error_data(error: UsageError, flags: Sequence[str]) -> Data:
    """Return class and place of an error: the flag, or of ``no-events`` the scope."""
    message = str(error)
    name = next(name for start, name in CLASSES.items() if message.startswith(start))
    if name == "no-events":
        return {"class": name, "scope": int(message.split()[1])}
    named = (flag for flag in flags if str(usage_error(flag)) in message)
    return {"class": name, "flag": max(named, key=len, default="")}
