# SPDX-License-Identifier: Apache-2.0
"""The function that makes the lines of one event from records: Python that is compiled for it.

A loop that asks of each argument how to print it takes half as long again
(docs/design/overhead.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

Text: TypeAlias = Callable[[Any], str]
"""Prints a value."""

Line: TypeAlias = Callable[[bytes], "str | None"]
"""Makes the line of a record; None if a text was cut or could not be read."""

SOURCE: Final = """\
def bind({pieces}):
    def line(record):
        {values} = unpack(record)
        {checks}
        return f"{line}"
    return line
"""


class Value(NamedTuple):
    """What is printed of a record: a value of its fixed part, or text behind that.

    Of text the fixed part has the length, and above 32 bits a state, 0 if nothing is unusual.
    To a number something may be added before it is printed.
    """

    text: Text
    behind: bool = False
    add: int = 0


def line_maker(layout: Struct, values: Sequence[Value]) -> Callable[..., Line]:
    """Return what makes a ``Line``, given what stands before, between and behind the values.

    ``layout`` has as many values, in that order.
    """
    texts = {f"text{number}": value.text for number, value in enumerate(values)}
    scope: dict[str, Any] = {"unpack": layout.unpack_from, **texts}
    exec(source_of(layout.size, values), scope)
    made: Callable[..., Line] = scope["bind"]
    return made


def source_of(size: int, values: Sequence[Value]) -> str:
    """Return the code, in which nothing is of the event or of a record but numbers."""
    pieces = [f"piece{number}" for number in range(len(values) + 1)]
    checks, shown, at = ["pass"], pieces[:1], str(size)
    for number, value in enumerate(values):
        name = f"value{number}"
        if value.behind:
            checks += [f"if {name} >> 32:", "    return None", f"end{number} = {at} + {name}"]
            expression = f"text{number}(record[{at}:end{number}])"
            at = f"end{number}"
        else:
            sum_ = f"{name} + {value.add}" if value.add else name
            expression = sum_ if value.text is str else f"text{number}({sum_})"
        shown += [expression, pieces[number + 1]]
    return SOURCE.format(
        pieces=", ".join(pieces),
        values=", ".join(f"value{number}" for number in range(len(values))),
        checks="\n        ".join(checks),
        line="".join(f"{{{one}}}" for one in shown),
    )
