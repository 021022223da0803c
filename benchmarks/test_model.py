# SPDX-License-Identifier: Apache-2.0
"""Decisions of the model per second, compared with an empty function call.

The goal is 100,000 decisions per second on one core for 8 scopes of 3 filters (10 us each).
Times are processor times.
"""

from __future__ import annotations

from time import process_time
from typing import Any, Final

import pytest

from tracee_ref.model.facts import Event, FieldValue, Process
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import Binary, Condition, EventField, Key, Op, Part, Pattern, Scope

COMM: Final = Condition(Key.COMM, Op.EQ, Pattern(b"cat"))
OTHER_COMM: Final = Condition(Key.COMM, Op.EQ, Pattern(b"ls"))
UID: Final = Condition(Key.UID, Op.GE, 1000)
BINARY: Final = Condition(Key.BINARY, Op.EQ, Binary(b"/usr/bin/cat"))
PATH_FIELD: Final = EventField("openat", Part.ARGS, "pathname")
PATH: Final = Condition(PATH_FIELD, Op.EQ, Pattern(b"/etc/", open_end=True))
OTHER_PATH: Final = Condition(PATH_FIELD, Op.EQ, Pattern(b"/tmp/", open_end=True))

ALL_HOLD: Final = (COMM, UID, BINARY)
FAILS_IN_PROCESS: Final = (OTHER_COMM, UID, BINARY)
FIELD_HOLDS: Final = (COMM, UID, PATH)
FAILS_AT_LAST: Final = (COMM, UID, OTHER_PATH)
"""Filters on fields are matched after those on the process: this one fails at its third."""

PATHNAME: Final = b"/etc/hostname"
EVENT: Final = Event(
    "openat",
    Process(pid=7, tid=7, uid=1000, comm=b"cat", binary=Binary(b"/usr/bin/cat", 4026531840)),
    {("args", "pathname"): FieldValue(PATHNAME, PATHNAME)},
)

MIXES: Final = {
    # conditions of each scope, in the order of their numbers; the expected mask
    "mixed": ([ALL_HOLD, FAILS_IN_PROCESS, FIELD_HOLDS, FAILS_AT_LAST] * 2, 0b01010101),
    "all match": ([ALL_HOLD] * 8, 0xFF),
    "none match": ([FAILS_IN_PROCESS] * 8, 0),
}
"""``mixed`` has two scopes each that match by process filters only, fail at a process filter, match
with a filter on a field, and fail at that filter, their last."""


def empty_call(scopes: tuple[Scope, ...], event: Event) -> int:  # noqa: ARG001
    return 0


def scopes_of(mix: str) -> tuple[Scope, ...]:
    kinds, _ = MIXES[mix]
    events = frozenset({"openat", "close"})
    return tuple(Scope(number, events, frozenset(kind)) for number, kind in enumerate(kinds, 1))


@pytest.mark.benchmark(group="model", timer=process_time)
@pytest.mark.parametrize("mix", MIXES)
def test_model_decision(benchmark: Any, mix: str) -> None:
    scopes = scopes_of(mix)
    mask = benchmark.pedantic(
        matched_scopes, (scopes, EVENT), rounds=30, iterations=2000, warmup_rounds=5
    )
    assert mask == MIXES[mix][1]


@pytest.mark.benchmark(group="model", timer=process_time)
def test_model_empty_call(benchmark: Any) -> None:
    scopes = scopes_of("mixed")
    benchmark.pedantic(empty_call, (scopes, EVENT), rounds=30, iterations=2000, warmup_rounds=5)
