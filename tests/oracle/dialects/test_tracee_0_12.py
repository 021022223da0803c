# SPDX-License-Identifier: Apache-2.0
"""Tests of the dialect of Tracee v0.12: masks, unit tables, documented runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.model.facts import Container, Event, FieldValue, Process
from tracee_ref.model.filters import Binary, Op, Pattern
from tracee_ref.oracle.dialects.tracee_0_12.decision import Tracee012Pipeline
from tracee_ref.oracle.dialects.tracee_0_12.events import Choice
from tracee_ref.oracle.dialects.tracee_0_12.filters import NumberFilter, TextFilter
from tracee_ref.oracle.dialects.tracee_0_12.flags import read_scopes

CASES = json.loads((Path(__file__).parents[2] / "data" / "upstream_semantics.json").read_text())
VECTORS: dict[str, list[dict[str, Any]]] = CASES["semantic_vectors"]
FORK = "sched_process_fork"


def pipeline(*flags: str, event: str = FORK) -> Tracee012Pipeline:
    """A run in which every scope of the flags chose an event."""
    flags = tuple(flag.replace("event=X", "event=openat") for flag in flags)
    numbers = {flag.partition(":")[0] if flag[0].isdigit() else "1" for flag in flags}
    selecting = (f"{number}:event={event}" for number in numbers)
    return Tracee012Pipeline(read_scopes([*flags, *selecting]))


def uid_masks() -> Iterator[tuple[list[str], int, int, int]]:
    for case in VECTORS["uid_single_scope"]:
        for uid, want in case["uid_values"].items():
            yield case["flags"], int(uid), want["kernel"], want["after_userland"]
    for case in VECTORS["uid_multi_scope"]:
        for uid, want in case["uid_values"].items():
            yield case["flags"], int(uid), want["kernel_mask"], want["after_userland_mask"]


@pytest.mark.parametrize(("flags", "uid", "kernel", "printed"), [*uid_masks()])
def test_uids(flags: list[str], uid: int, kernel: int, printed: int) -> None:
    run, process = pipeline(*flags), Process(uid=uid)
    assert run.process_mask(process) == kernel
    assert run.mask(Event(FORK, process)) == printed


@pytest.mark.parametrize("case", VECTORS["pid_vs_tid"])
def test_process_and_thread_ids(case: Mapping[str, Any]) -> None:
    run, process = pipeline(*case["flags"]), Process(pid=case["host_pid"], tid=case["host_tid"])
    assert run.process_mask(process) == case["kernel"]
    assert run.mask(Event(FORK, process)) == case["after_userland"]


@pytest.mark.parametrize("case", VECTORS["retval_int_filter_v0_12_0"])
def test_return_values(case: Mapping[str, Any]) -> None:
    run = pipeline(*case["expr"], event="openat")
    for value, want in case["retval"].items():
        fields = {("retval", ""): FieldValue(int(value), value.encode())}
        assert run.mask(Event("openat", Process(), fields)) == want, value


@pytest.mark.parametrize("case", VECTORS["args_string_filter"])
def test_arguments(case: Mapping[str, Any]) -> None:
    run = pipeline(*case["flags"], event="openat")
    for path, want in case["pathname"].items():
        fields = {("args", "pathname"): FieldValue(path.encode(), path.encode())}
        assert run.mask(Event("openat", Process(), fields)) == want, path


@pytest.mark.parametrize("case", VECTORS["comm_equality_kernel_masks_hex"])
def test_names(case: Mapping[str, Any]) -> None:
    run = pipeline(*case["flags"])
    for comm, want in case["comm"].items():
        assert run.mask(Event(FORK, Process(comm=comm.encode()))) == int(want, 16), comm


def values_of(expressions: list[str]) -> Iterator[tuple[Op, str]]:
    for expression in expressions:
        match = re.fullmatch(r"(!=|<=|>=|=|<|>)(.*)", expression)
        assert match is not None
        yield from ((Op(match[1]), value) for value in match[2].split(","))


@pytest.mark.parametrize("case", CASES["units"]["numbers"])
def test_numbers_unit_table(case: Mapping[str, Any]) -> None:
    numbers = NumberFilter()
    for op, value in values_of(case["expressions"]):
        numbers.add(op, int(value))
    assert [*map(numbers.userland, case["vals"])] == case["expected"]


@pytest.mark.parametrize("case", CASES["units"]["texts"])
def test_strings_unit_table(case: Mapping[str, Any]) -> None:
    texts = TextFilter()
    for op, value in values_of(case["expressions"]):
        pattern = Pattern(value.strip("*").encode(), value[0] == "*", value[-1] == "*")
        texts.add(op, pattern)
    assert [texts.userland(value.encode()) for value in case["vals"]] == case["expected"]


@pytest.mark.parametrize("case", CASES["units"]["events"])
def test_events_unit_table(case: Mapping[str, Any]) -> None:
    flags = [f"event={name}" for name in case["event_equal"]]
    flags += [f"event!={name}" for name in case["event_not_equal"]]
    if case["expected_events"] is None:
        with pytest.raises(UsageError, match="invalid event to trace"):
            read_scopes(flags)
    else:
        assert read_scopes(flags)[0].events == {*case["expected_events"]}


@pytest.mark.parametrize("run", CASES["runs"])
def test_documented_runs(run: Mapping[str, Any]) -> None:
    """Also with the masks of derived and signature events."""
    for row in run["rows"]:
        comm = row["comm"].encode()
        container = Container("c0") if row.get("container") else None
        process = Process(comm=comm, binary=Binary(b"/usr/bin/" + comm), container=container)
        assert Tracee012Pipeline(read_scopes(run["flags"])).mask(
            Event(row["event"], process)
        ) == int(row["mask"])


def test_default_set_has_signatures() -> None:
    assert len(Choice().chosen()) == 70
    assert "anti_debugging" in Tracee012Pipeline(read_scopes([])).table.emit


@pytest.mark.parametrize(
    "flag", ["event", "set>fs", "comm>a", "nothing=1", "uid", "close.context.x=1", "event=mseal"]
)
def test_flags_invalid(flag: str) -> None:
    with pytest.raises(UsageError):
        read_scopes([flag])
