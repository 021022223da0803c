# SPDX-License-Identifier: Apache-2.0
"""Values in the tables, formatted as Go's ``%v`` does.

See docs/design/tracee-v0.12-facts.md, 4.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..strings import quoted

if TYPE_CHECKING:  # the oracle formats values without msgspec installed
    from tracee_ref.events.event import Argument

NIL: Final = "<nil>"
UNREADABLE: Final = "<unreadable>"
"""A value that was present but could not be read (rule 18)."""

CHANGED: Final = " (changed)"
"""Mark of an argument that changed during its syscall (rule 19)."""

BRACKETS: Final = re.compile(r"[\[\]{}]")

PLAIN_TYPES: Final = frozenset({int, str})
"""Types that Python and Go format alike: nearly all values."""

Text: TypeAlias = Callable[[str], str]
"""Writes the strings in a value."""


def go_text(value: Any, text: Text = str) -> str:
    """Return a value as ``%v``: bare strings, ``[a b]``, ``map[k:v]``, ``{a b}``, ``<nil>``.

    Filters compare with this form.  In a table, ``text`` quotes the strings in it.
    """
    if type(value) in PLAIN_TYPES:
        return text(value) if type(value) is str else str(value)
    if value is None:
        return NIL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        entries = (f"{go_text(key, text)}:{go_text(value[key], text)}" for key in sorted(value))
        return f"map[{' '.join(entries)}]"
    names = getattr(type(value), "__struct_fields__", None)
    if names is not None:
        return "{" + " ".join(go_text(getattr(value, name), text) for name in names) + "}"
    if isinstance(value, list | tuple | bytes):
        return "[" + " ".join(go_text(item, text) for item in value) + "]"
    return text(str(value))


def cell_text(value: Any) -> str:
    """Return a value as ``%v``, with quotes around strings that could be misread."""
    if type(value) is str:
        return quoted(value)
    return go_text(value, quoted_member)


def quoted_member(text: str) -> str:
    """Return a string within a value; also in quotes if it is empty, or could end the value."""
    shown = quoted(text)
    if not text or (shown == text and BRACKETS.search(text)):
        return f'"{text}"'
    return shown


def arguments_text(arguments: list[Argument], changed: Container[str] = ()) -> str:
    """Return the ARGS cell: ``name: value`` pairs joined by a comma and a space.

    The names in ``changed`` are marked.
    """
    if not changed:
        return ", ".join(
            [
                f"{name_text(argument)}: {argument.value}"
                if type(argument.value) is int and not argument.unreadable
                else f"{name_text(argument)}: {value_text(argument)}"
                for argument in arguments
            ]
        )
    names = (f"{name_text(a)}{CHANGED}" if a.name in changed else name_text(a) for a in arguments)
    return ", ".join(f"{name}: {value_text(a)}" for name, a in zip(names, arguments, strict=True))


def name_text(argument: Argument) -> str:
    """Return the name of an argument; those of findings are anything."""
    name = argument.name
    return name if name.isidentifier() and name.isascii() else quoted(name)


def value_text(argument: Argument) -> str:
    """Return the value of an argument, or UNREADABLE."""
    return UNREADABLE if argument.unreadable else cell_text(argument.value)
