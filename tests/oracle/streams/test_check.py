# SPDX-License-Identifier: Apache-2.0
"""Tests of ``scope-oracle check``: masks, missing events, losses, errors."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.oracle_command import Ran, oracle
from tests.traced_events import Traced, fork, traced, written
from tracee_ref.output.table import NS_PER_SECOND

FLAGS = ("1:event=openat", "1:comm=ls", "2:event=openat", "2:uid=0")
RIGHT = traced("openat", 3)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(events: Sequence[Traced], *arguments: str, flags: Sequence[str] = FLAGS) -> Ran:
    written(Path("own.json"), events)
    return oracle("check", "--scopes", *flags, *arguments, "--", "own.json")


def report(events: Sequence[Traced], *arguments: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(check(events, *arguments, "--json", **options).out)
    return found


def found_of(data: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in data["found"].items() if count}


@pytest.mark.usefixtures("place")
def test_check_agrees() -> None:
    ran = check([RIGHT, traced("openat", 1, userId=5), traced("openat", 2, processName="cat")])
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "events: 3 checked, 3 right, 0 undecidable\nverdict: agreed\n"


@pytest.mark.usefixtures("place")
def test_check_explains_wrong_mask() -> None:
    ran = check([RIGHT, traced("openat", 1)])
    assert ran.status == 1
    assert ran.out.splitlines()[:4] == [
        "own.json:2: wrong mask: openat of ls (process 7): 0000000000000001 (scopes 1), "
        "expected 0000000000000003 (scopes 1 2)",
        "    scope 2: matches",
        "      yes event openat: selected (rule 5)",
        "      yes uid=0: the uid is 0 (rule 9)",
    ]
    assert ran.out.splitlines()[-2:] == ["wrong mask: 1", "verdict: disagreed"]


@pytest.mark.usefixtures("place")
def test_check_unexpected_event() -> None:
    stray = traced("openat", 1, processName="cat", userId=5)
    data = report([RIGHT, stray, traced("openat", 0), traced("close", 1)])
    assert found_of(data) == {"should not be there": 3}
    assert data["findings"][0]["place"] == "own.json:2"


@pytest.mark.usefixtures("place")
def test_check_counts_undecidable() -> None:
    flags = (*FLAGS, "3:event=openat", "3:binary=/bin/ls")
    ran = check([RIGHT, traced("openat", 7), traced("openat", 6)], flags=flags)
    assert ran.status == 1  # bit 1 of the last event is wrong in any case
    data = report([RIGHT, traced("openat", 7)], flags=flags)
    needs = {"needs sched_process_exec of the process": 2}
    assert data["undecidable"] == {"events": 2, "needs": needs}
    assert (data["agreed"], data["verdict"]) == (False, "none")  # status 3


@pytest.mark.usefixtures("place")
def test_check_nothing_decided() -> None:
    """A stream without any decided event gives no verdict."""
    flags = ("event=openat", "binary=/bin/ls")
    ran = check([traced()], flags=flags)
    assert ran.status == 3
    assert ran.err == "scope-oracle: no event could be decided: no verdict\n"
    assert check([], flags=flags).status == 3


@pytest.mark.usefixtures("place")
def test_check_unreadable_lines() -> None:
    for line in ("nonsense", "[]", "{}", '{"matchedScopes": 1}', "[" * 100_000):
        Path("own.json").write_text(f"{json.dumps(RIGHT)}\n\n{line}\n{json.dumps(RIGHT)}\n")
        ran = oracle("check", "own.json", "--scopes", *FLAGS)
        assert ran.status == 3
        assert ran.err == "scope-oracle: 1 lines hold no event: no verdict\n"
        assert "own.json:3: no event: " in ran.out
        assert "2 checked, 2 right" in ran.out


@pytest.mark.usefixtures("place")
def test_check_scope_with_process_events() -> None:
    """The stream itself has every fork: filters on age and ancestors are then decidable."""
    scopes = ("1:event=openat", "1:pid=new", "9:event=sched_process*")
    events = [fork(3, 7, 256), traced("openat", 1), traced("openat", 1, hostProcessId=3)]
    assert found_of(report(events, "--begins", "host", flags=scopes)) == {"should not be there": 1}
    filtered = (*scopes[:2], "9:event=sched_process*", "9:uid=0")
    assert report(events, "--begins", "host", flags=filtered)["undecidable"]["events"] == 2
    lost = report(events, "--begins", "host", "--losses", "1", flags=scopes)
    assert lost["undecidable"]["events"] == 2


def all_and(own: Sequence[Traced], *everything: Traced) -> tuple[Sequence[Traced], str, str]:
    written(Path("all.json"), [one | {"matchedScopes": 1} for one in everything])
    return own, "--unfiltered", "all.json"


OTHER = traced("openat", 3, args={"pathname": "/b"})
UNSEEN = traced("openat", 0, processName="cat", userId=5)


@pytest.mark.usefixtures("place")
def test_unfiltered_missing() -> None:
    """An event of the unfiltered stream that the tracer lacks is missing."""
    assert check(*all_and([RIGHT, OTHER], RIGHT, UNSEEN, OTHER)).status == 0
    data = report(*all_and([OTHER], RIGHT, UNSEEN, OTHER))
    assert found_of(data) == {"missing": 1}
    assert data["findings"][0]["place"] == "all.json:1"
    assert data["findings"][0]["reasons"][0] == "scope 1: matches"


@pytest.mark.usefixtures("place")
def test_unfiltered_equal_events() -> None:
    assert found_of(report(*all_and([RIGHT] * 2, *[RIGHT] * 3))) == {"missing": 1}
    data = report(*all_and([RIGHT] * 3, *[RIGHT] * 2))
    assert found_of(data) == {"not in the unfiltered stream": 1}


@pytest.mark.usefixtures("place")
def test_unfiltered_wrong_and_unexpected() -> None:
    """Wrong masks and unexpected events are found as well."""
    wrong, stray = RIGHT | {"matchedScopes": 2}, UNSEEN | {"matchedScopes": 1}
    data = report(*all_and([wrong, stray], RIGHT, UNSEEN))
    assert found_of(data) == {"wrong mask": 1, "should not be there": 1}


@pytest.mark.usefixtures("place")
def test_unfiltered_time_window() -> None:
    """The timestamps of equal events may differ."""

    def at(event: Traced, seconds: float) -> Traced:
        return event | {"timestamp": event["timestamp"] + int(seconds * NS_PER_SECOND)}

    for seconds, missing in ((0.5, 0), (-0.5, 0), (3, 1), (-3, 1)):
        late = at(RIGHT, seconds)
        data = report(*all_and([late, at(OTHER, 9)], RIGHT, at(OTHER, 9)))
        assert found_of(data).get("missing", 0) == missing
        assert data["found"]["not in the unfiltered stream"] == missing
        assert found_of(report(*all_and([late], RIGHT), "--window", "4")) == {}


@pytest.mark.usefixtures("place")
def test_losses_explain_missing() -> None:
    events = [traced("openat", 3, args={"pathname": str(number)}) for number in range(4)]
    for lost, status in (("2", 1), ("3", 0)):
        assert check(*all_and(events[:1], *events), "--losses", lost).status == status
    for lost, status in (("2", 1), ("3", 0)):
        assert check(*all_and(events, *events[:1]), "--unfiltered-losses", lost).status == status
    assert check(*all_and([RIGHT | {"matchedScopes": 1}], RIGHT), "--losses", "9").status == 1


ACCOUNT = (
    "tracee-ref: tracing\ntracee-ref: events: seen 9 = filtered 4 + submitted {sent} + lost 1; "
    "submitted {sent} = delivered {sent} + filtered 0 + dropped 0\n"
)


@pytest.mark.usefixtures("place")
def test_losses_of_tracer_output() -> None:
    texts = (
        ACCOUNT.format(sent=1)
        + "tracee-ref: 1 events missed: their program was running on the CPU already\n",
        "End of events stream\nStats: {EventCount:1 ErrorCount:0 LostEvCount:2 LostWrCount:0}\n",
        '{"lost": 1, "dropped": 1}\n',
    )
    for text in texts:
        Path("losses").write_text(text)
        ran = check(*all_and([RIGHT], RIGHT, OTHER, OTHER), "--losses", "losses")
        assert ran.status == 0
        assert "missing: 2, of which losses explain 2" in ran.out
        assert check(*all_and([RIGHT], RIGHT, *[OTHER] * 3), "--losses", "losses").status == 1


@pytest.mark.usefixtures("place")
def test_losses_in_stream() -> None:
    end: Traced = {"lost": 1}
    assert check(*all_and([RIGHT, end], RIGHT, OTHER)).status == 0
    assert check(*all_and([RIGHT, end], RIGHT, OTHER, OTHER)).status == 1


@pytest.mark.usefixtures("place")
def test_check_cut_stream() -> None:
    Path("losses").write_text(ACCOUNT.format(sent=3))
    ran = check([RIGHT], "--losses", "losses")
    assert ran.status == 1
    assert "cut: 2 events were delivered that the stream does not have\n" in ran.out


@pytest.mark.usefixtures("place")
def test_check_limits_findings() -> None:
    ran = check([traced("openat", 1)] * 9, "--show", "2")
    assert ran.out.count(": wrong mask:") == 2
    assert "\nwrong mask: 9\n" in ran.out


@pytest.mark.usefixtures("place")
def test_check_dialect() -> None:
    flags: tuple[str, ...] = ("event=openat", "comm=ls", "comm!=cat")
    stray = traced("openat", 1, processName="id")
    assert check([traced(), stray], flags=flags).status == 1
    assert check([traced(), stray], "--dialect", "tracee-0.12", flags=flags).status == 0
    outside = traced("existing_container", 0)
    flags = ("event=openat,existing_container",)
    assert check([traced(), outside], flags=flags).status == 1
    assert check([traced(), outside], "--dialect", "tracee-0.12", flags=flags).status == 0


@pytest.mark.usefixtures("place")
def test_check_policies() -> None:
    later = [traced(matchedPolicies=names) for names in (["a", "b"], ["b", "a"])]
    for event in later:
        del event["matchedScopes"]
    Path("policies").write_text('{"a": 1, "b": 2}')
    assert check(later, "--policies", "policies").status == 0
    assert check(later).status == 3
    for text in ('{"a": 65}', "[]", "x"):
        Path("policies").write_text(text)
        ran = check(later, "--policies", "policies")
        assert ran.status == 2
        assert "policies policies: " in ran.err


@pytest.mark.usefixtures("place")
def test_check_stdin_and_flags_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(open_of(RIGHT)))
    assert oracle("check", "--scopes", *FLAGS, "-").status == 0


def open_of(event: Traced) -> io.BufferedReader:
    path = written(Path("input"), [event])
    return path.open("rb")


@pytest.mark.usefixtures("place")
def test_check_needs_host_mntns() -> None:
    flags = ("event=sched_process_exec", "binary=host:/bin/ls")
    event = traced("sched_process_exec", 1, args={"pathname": "/bin/ls"})
    ran = check([event], flags=flags)
    assert ran.status == 2
    assert "--host-mntns" in ran.err
    assert check([event], "--host-mntns", "3", flags=flags).status == 0
    assert check([event], "--host-mntns", "4", flags=flags).status == 1


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("check",), "no FILE - give a file"),
        (("check", "none.json"), "none.json: No such file or directory - give a file"),
        (("check", "own.json", "-f", "uid=x"), "invalid filter value x"),
        (("check", "own.json", "--losses", "x"), "losses x: No such file"),
        (("check", "own.json", "--losses", "own.json"), "no losses in it - expected a number"),
        (("check", "own.json", "--losses", "1", "--losses", "2"), "--losses: 2 for 1 files"),
        (("check", "own.json", "--begins", "now"), "--begins"),
    ],
)
def test_errors_are_one_line(arguments: Sequence[str], part: str) -> None:
    written(Path("own.json"), [RIGHT])
    ran = oracle(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert part in ran.err
    assert ran.err.count("\n") == 1
