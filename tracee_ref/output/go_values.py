# SPDX-License-Identifier: Apache-2.0
"""Values as Go's verb ``%v`` writes them, which is what the tables show (facts, section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the oracle has events without the package that defines ours
    from tracee_ref.events.event import Argument

NOTHING: Final = "<nil>"
UNREADABLE: Final = "<unreadable>"
"""A value that was there but could not be read (SEMANTICS, rule 18)."""

BARE: Final = frozenset({int, str})
"""Types that Python and Go write alike; nearly all values have one of them."""


def go_text(value: Any) -> str:
    """Return a value: texts bare, ``[a b]``, ``map[k:v]``, ``{a b}``, ``<nil>``."""
    if type(value) in BARE:
        return str(value)
    if value is None:
        return NOTHING
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
    """Return the ARGS cell: ``name: value`` joined by a comma and a space."""
    return ", ".join(
        [
            f"{argument.name}: {argument.value}"
            if type(argument.value) in BARE and not argument.unreadable
            else f"{argument.name}: {value_text(argument)}"
            for argument in arguments
        ]
    )


def value_text(argument: Argument) -> str:
    """Return the value of an argument, or that it could not be read."""
    return UNREADABLE if argument.unreadable else go_text(argument.value)
