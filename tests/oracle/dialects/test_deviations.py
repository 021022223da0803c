# SPDX-License-Identifier: Apache-2.0
"""Tests of the known deviations: each has a smallest case."""

from __future__ import annotations

import json

import pytest

from tests.oracle_command import oracle
from tracee_ref.oracle.dialects.deviation import Deviation
from tracee_ref.oracle.dialects.difference import Case, cases, flag_sets, smallest
from tracee_ref.oracle.dialects.known_deviations import DEVIATIONS


def found(deviation: Deviation) -> Case:
    case = smallest(deviation)
    assert case is not None, f"{deviation.name}: the model and the dialect agree"
    return case


def masks_with(deviation: Deviation, flags: tuple[str, ...]) -> list[tuple[int, int]]:
    same = (case for case in cases(deviation) if case.flags == flags)
    return [(case.model, case.dialect) for case in same]


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.name)
def test_deviation_smallest_case(deviation: Deviation) -> None:
    """Without any one of its own flags, the two agree on every event tried."""
    case = found(deviation)
    own = [flag for flag in case.flags if flag not in deviation.always]
    for left_out in own:
        flags = tuple(flag for flag in case.flags if flag != left_out)
        assert all(model == dialect for model, dialect in masks_with(deviation, flags))


def test_deviation_names_unique() -> None:
    names = [deviation.name for deviation in DEVIATIONS]
    assert len({*names}) == len(names) >= 12


def test_flag_sets_ordered_by_size() -> None:
    deviation = DEVIATIONS[0]
    assert [*flag_sets(deviation)] == [
        (*deviation.always, *some) for some in ((), ("uid=0",), ("uid!=1",), ("uid=0", "uid!=1"))
    ]


@pytest.mark.parametrize(
    ("name", "flags", "model", "dialect"),
    [
        ("equal-or-not-unequal", "uid=0 uid!=1", 0, 1),
        ("excluded-process-by-its-threads", "pid!=5", 0, 1),
        ("exec-makes-new", "pid=new", 0, 1),
        ("thread-makes-followed", "comm=a follow", 0, 1),
        ("return-value-unequal-never", "openat.retval!=0", 1, 0),
        ("derived-with-the-mask-of-its-base", "1:net_packet_icmp.args.src=::2", 2, 3),
        ("signature-lost-with-its-trigger", "ptrace.args.pid=8", 1, 0),
    ],
)
def test_deviation_masks(name: str, flags: str, model: int, dialect: int) -> None:
    (deviation,) = [one for one in DEVIATIONS if one.name == name]
    case = found(deviation)
    assert case.flags[len(deviation.always) :] == (*flags.split(),)
    assert (case.model, case.dialect) == (model, dialect)


def test_diff_dialects_text() -> None:
    text = oracle("diff-dialects")
    assert text.status == 0
    assert all(f"{one.name} (rule" in text.out for one in DEVIATIONS)
    assert "  flags: -f event=close -f uid=0 -f 'uid!=1'\n" in text.out
    assert "  mask: 0 by the semantics, 1 by the dialect\n" in text.out


def test_diff_dialects_json() -> None:
    lines = oracle("diff-dialects", "--json").out.splitlines()
    by_id = {data["id"]: data for data in map(json.loads, lines)}
    assert len(by_id) == len(DEVIATIONS)
    one = by_id["tracee-0.12/thread-makes-followed"]
    assert one["rules"] == [13]
    assert one["question"]["life"][0].startswith("Fork(")
    assert (one["model"]["mask"], one["dialect"]["hex"]) == ("0", f"{1:016x}")
