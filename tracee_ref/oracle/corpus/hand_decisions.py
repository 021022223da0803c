# SPDX-License-Identifier: Apache-2.0
"""Vectors of the hand-written ``decision.txt`` and ``selection.txt``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from ...events.catalogue import EventDefinition
from ..protocol.encoding import Data, bytes_data, mask_data
from ..protocol.facts import process_data
from ..protocol.scopes import scopes_data
from ..protocol.vector import Vector
from .features import features_of
from .notation import (
    HOST_INODE,
    bits,
    commented,
    complete,
    field_data,
    make_process,
    read_flags,
    split_facts,
    text_bytes,
    text_lines,
    words,
)

DEFAULT: Final = "openat"
SETS: Final = {
    "open": ["default", "fs"],
    "openat": ["default", "fs"],
    "close": ["fs"],
    "ptrace": ["default", "proc"],
    "kill": ["proc"],
    "packet": ["net"],
    "dns": ["net"],
    "alert": ["default", "signatures"],
    "gone": [],
}
DEPENDS: Final = {
    "dns": ["packet"],
    "packet": ["socket"],
    "alert": ["ptrace", "gone"],
    "gone": ["alert"],
}
"""The catalogue of ``selection.txt``."""

LISTS: Final = {"event=": "event", "event!=": "not_event", "set=": "set", "set!=": "not_set"}


def decisions(catalogue: Mapping[str, EventDefinition]) -> Iterator[Vector]:
    """Yield the hand-written decision vectors."""
    numbers: Counter[int] = Counter()
    rule, question, about = 0, dict[str, Data](), ""
    for line in text_lines("decision.txt"):
        text, why = commented(line)
        if line.startswith("@"):
            number, *flags = words(text[1:])
            rule, question, about = int(number), scopes_of(flags, catalogue), why
            continue
        facts, _, matched = text.partition("=>")
        numbers[rule] += 1
        full_question = question | {"event": event_of(facts)}
        expect = mask_data(bits(matched))
        name = f"decision-{rule:02}-{numbers[rule]:03}"
        features = features_of(full_question, expect)
        yield Vector(name, "decision", rule, features, full_question, expect, why=why or about)


def scopes_of(flags: list[str], catalogue: Mapping[str, EventDefinition]) -> dict[str, Data]:
    """Return flags and scopes of a question."""
    given = complete(flags, DEFAULT, catalogue)
    data = {"flags": [bytes_data(text_bytes(flag)) for flag in given]}
    data["scopes"] = scopes_data(read_flags(given, catalogue))
    return data | ({"host_mntns": str(HOST_INODE)} if "=host:" in " ".join(flags) else {})


def event_of(text: str) -> Data:
    """Return the event of a question."""
    name, facts, fields = split_facts(words(text))
    data = {"name": name or DEFAULT, "process": process_data(make_process(facts))}
    return data | ({"fields": [field_data(word) for word in fields]} if fields else {})


def selections() -> Iterator[Vector]:
    """Yield the hand-written selection vectors."""
    numbers: Counter[int] = Counter()
    for line in text_lines("selection.txt"):
        number, filters, events, dependencies = (part.strip() for part in f"{line} ".split("|"))
        rule = int(number)
        numbers[rule] += 1
        question: dict[str, Data] = {"catalogue": SETS, "depends": DEPENDS}
        for flag in filters.split():
            operator = flag[: flag.index("=") + 1]
            question.setdefault(LISTS[operator], []).extend(flag[len(operator) :].split(","))
        selected = sorted(events.split())
        expect = {"events": selected, "taken_in": sorted({*selected, *dependencies.split()})}
        name = f"selection-{rule:02}-{numbers[rule]:03}"
        features = ("dependencies",) if dependencies else ()
        yield Vector(name, "selection", rule, features, question, expect, why=filters)
