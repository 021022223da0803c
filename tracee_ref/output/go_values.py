# SPDX-License-Identifier: Apache-2.0
"""Values in the tables, formatted as Go's ``%v`` does.

See docs/design/tracee-v0.12-facts.md, 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the oracle formats values without msgspec installed
    from tracee_ref.events.event import Argument

NIL: Final = "<nil>"
UNREADABLE: Final = "<unreadable>"
"""A value that was present but could not be read (rule 18)."""

PLAIN_TYPES: Final = frozenset({int, str})
"""Types that Python and Go format alike: nearly all values."""


def go_text(value: Any) -> str:
    """Return a value as ``%v``: bare strings, ``[a b]``, ``map[k:v]``, ``{a b}``, ``<nil>``."""
    if type(value) in PLAIN_TYPES:
        return str(value)
    if value is None:
        return NIL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        entries = (f"{go_text(key)}:{go_text(value[key])}" for key in sorted(value))
        return f"map[{' '.join(entries)}]"
    names = getattr(type(value), "__struct_fields__", None)
    if names is not None:
        return "{" + " ".join(go_text(getattr(value, name)) for name in names) + "}"
    if isinstance(value, list | tuple | bytes):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)


def arguments_text(arguments: list[Argument]) -> str:
    """Return the ARGS cell: ``name: value`` pairs joined by a comma and a space."""
    return ", ".join(
        [
            f"{argument.name}: {argument.value}"
            if type(argument.value) in PLAIN_TYPES and not argument.unreadable
            else f"{argument.name}: {value_text(argument)}"
            for argument in arguments
        ]
    )


def value_text(argument: Argument) -> str:
    """Return the value of an argument, or UNREADABLE."""
    return UNREADABLE if argument.unreadable else go_text(argument.value)
