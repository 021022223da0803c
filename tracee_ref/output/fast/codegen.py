# SPDX-License-Identifier: Apache-2.0
"""Generator of Python functions that format the records of one event as lines.

Formatting each argument in a loop takes half as long again (docs/design/overhead.md).  For openat
in JSON, this is generated (``source_of``)::

    def bind(literal0, literal1, literal2, literal3, literal4, literal5, literal6):
        def line(record):
            value0, value1, value2, value3, value4, value5 = unpack(record)
            if value3 >> 32:
                return None
            end3 = 200 + value3
            return f"{literal0}{value0 + EPOCH_NS}{literal1}{value1}..."
        return line

where ``literal0`` and so on are the parts of the line that are the same for all records of a
thread, and ``format3(record[200:end3])`` is the path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

Formatter: TypeAlias = Callable[[Any], str]
"""Formats a value."""

LineFormatter: TypeAlias = Callable[[bytes], "str | None"]
"""Returns the line of a record; None if a string in it was cut or could not be read."""

SOURCE: Final = """\
def bind({literals}):
    def line(record):
        {values} = unpack(record)
        {checks}
        return f"{line}"
    return line
"""


class RecordField(NamedTuple):
    """A field of a record: a number in its fixed part, or bytes (``is_data``) after that.

    For bytes the fixed part has the length, and in the upper 32 bits a state, 0 if they are
    complete.  ``add`` is added to a number before it is formatted.
    """

    formatter: Formatter
    is_data: bool = False
    add: int = 0


def compile_binder(layout: Struct, fields: Sequence[RecordField]) -> Callable[..., LineFormatter]:
    """Return a function from the literals before, between and after fields to a line formatter.

    ``layout`` unpacks the numbers of ``fields``, in that order.
    """
    formatters = {f"format{number}": field.formatter for number, field in enumerate(fields)}
    scope: dict[str, Any] = {"unpack": layout.unpack_from, **formatters}
    exec(source_of(layout.size, fields), scope)
    bind: Callable[..., LineFormatter] = scope["bind"]
    return bind


def source_of(size: int, fields: Sequence[RecordField]) -> str:
    """Return the source of ``bind``; of the event and the record it contains only numbers."""
    literals = [f"literal{number}" for number in range(len(fields) + 1)]
    checks, parts, offset = ["pass"], literals[:1], str(size)
    for number, field in enumerate(fields):
        name = f"value{number}"
        if field.is_data:
            checks += [f"if {name} >> 32:", "    return None", f"end{number} = {offset} + {name}"]
            expression = f"format{number}(record[{offset}:end{number}])"
            offset = f"end{number}"
        else:
            term = f"{name} + {field.add}" if field.add else name
            expression = term if field.formatter is str else f"format{number}({term})"
        parts += [expression, literals[number + 1]]
    return SOURCE.format(
        literals=", ".join(literals),
        values=", ".join(f"value{number}" for number in range(len(fields))),
        checks="\n        ".join(checks),
        line="".join(f"{{{part}}}" for part in parts),
    )
