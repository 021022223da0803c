"""The function that makes the lines of one event from records: Python that is compiled for it.

A loop that asks of each argument how to print it takes half as long again (docs/hot-path.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
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
    """

    text: Text
    behind: bool = False
    add: int = 0


def line_maker(layout: Struct, values: Sequence[Value]) -> Callable[..., Line]:
    """Return what makes a ``Line``, given what stands before, between and behind the values.

    ``layout`` has as many values, in that order.
    """
    names = [f"value{number}" for number in range(len(values))]
    pieces = [f"piece{number}" for number in range(len(values) + 1)]
    checks, expressions = ["pass"], []
    at = str(layout.size)
    for name, value in zip(names, values, strict=True):
        if value.behind:
            checks += [f"if {name} >> 32:", "    return None", f"end_{name} = {at} + {name}"]
            expressions.append(f"text_{name}(record[{at}:end_{name}])")
            at = f"end_{name}"
        else:
            number = f"{name} + {value.add}" if value.add else name
            expressions.append(number if value.text is str else f"text_{name}({number})")
    shown = [*chain(*zip(pieces, expressions, strict=False)), pieces[-1]]
    source = SOURCE.format(
        pieces=", ".join(pieces),
        values=", ".join(names),
        checks="\n        ".join(checks),
        line="".join(f"{{{one}}}" for one in shown),
    )
    texts = {f"text_{name}": value.text for name, value in zip(names, values, strict=True)}
    scope: dict[str, Any] = {"unpack": layout.unpack_from, **texts}
    exec(source, scope)
    made: Callable[..., Line] = scope["bind"]
    return made
