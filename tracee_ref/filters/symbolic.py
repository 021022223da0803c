# SPDX-License-Identifier: Apache-2.0
"""Symbolic values of filters that are never printed: misspelt, cut, unordered.

An argument filter compares with the printed form as a whole (rule 7), so ``O_CREAT|O_WRONLY`` holds
for no event.  The grammar accepts any string (vectors/v1): these are warnings of the tracer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, reduce
from itertools import chain
from operator import or_
from typing import Final

from ..decode.argument_text import FACTORIES, ArgumentFormatter, call_name
from ..errors import did_you_mean
from ..events.catalogue import EventDefinition
from ..events.names import tables
from ..model.filters import Condition, EventField, Op, Part, Pattern
from ..model.scope import Scope
from ..strings import text_of
from .format import format_filter

DECIMAL: Final = re.compile(r"-?[0-9]+")
HEXADECIMAL: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")


def unprinted(scopes: Iterable[Scope], events: Mapping[str, EventDefinition]) -> Iterator[str]:
    """Yield a sentence for each filter on an argument with a value that is never printed."""
    for scope in scopes:
        for condition in sorted(scope.conditions, key=repr):
            if problem := _problem(condition, events):
                yield f"scope {scope.number}: {format_filter([condition])}: {problem}"


def _problem(condition: Condition, events: Mapping[str, EventDefinition]) -> str:
    """Return why no number is printed as the value of a condition; empty if one may be."""
    key, value = condition.key, condition.value
    if not isinstance(key, EventField) or key.part is not Part.ARGS or key.event not in events:
        return ""
    factory = FACTORIES.get((key.event, key.name))
    exact = isinstance(value, Pattern) and value.exact and condition.op in (Op.EQ, Op.NE)
    if factory is None or factory is call_name or not isinstance(value, Pattern) or not exact:
        return ""
    text = text_of(value.text)
    return "" if DECIMAL.fullmatch(text) else _problem_of_text(factory(), text)


def _problem_of_text(formatter: ArgumentFormatter, text: str) -> str:
    names = numbers_of(formatter)
    words = text.split("|")
    numbers = [_number(word, names) for word in words]
    if None in numbers:
        unknown = words[numbers.index(None)]
        return f"no value is printed as {unknown}{did_you_mean(unknown, names)}"
    printed = formatter(reduce(or_, filter(None, numbers), 0))
    if printed == text:
        return ""
    several = "|" in printed and words[0] in names
    part = f", or *{words[0]}* if there may be other flags" if several else ""
    return f"this value is printed as {printed}; give that{part}"


def _number(word: str, names: Mapping[str, int]) -> int | None:
    if HEXADECIMAL.fullmatch(word):
        return int(word, 16)
    return int(word) if word.isascii() and word.isdigit() else names.get(word)


def numbers_of(formatter: ArgumentFormatter) -> dict[str, int]:
    """Return the names that a formatter prints, with the number of each."""
    always = dict.fromkeys(formatter(0).split("|"), 0)
    found: dict[str, int] = {}
    for number in named_numbers():
        words = [word for word in formatter(number).split("|") if word not in always]
        if len(words) == 1 and not HEXADECIMAL.fullmatch(words[0]):
            found.setdefault(words[0], number)
    return {**always, **found}


@cache
def named_numbers() -> list[int]:
    """Return the numbers that have a name in any table, and small ones."""
    words = chain(tables()["values"].values(), tables()["bits"].values())
    named = (number for names in words for number in names.values())
    return sorted({*range(1024), *(1 << bit for bit in range(32)), *named})
