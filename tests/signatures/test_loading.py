# SPDX-License-Identifier: Apache-2.0
"""Signatures as plug-ins: found in directories and packages; what is wrong with one harms none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from model.scope import Scope
from tests.output.samples import exit_with
from tracee_ref.derivation.stage import Derivation
from tracee_ref.errors import UsageError
from tracee_ref.events.event import TraceEvent
from tracee_ref.signatures import Finding, Origin, Signature
from tracee_ref.signatures import loader as finding
from tracee_ref.signatures.loader import GROUP
from tracee_ref.signatures.registry import Loaded, load_signatures
from tracee_ref.signatures.runner import Guard
from tracee_ref.signatures.shipped import SHIPPED
from tracee_ref.tables import selecting_scopes

GOOD = """
from tracee_ref.signatures import Signature

class Found(Signature):
    event = "{event}"
    needs = {needs}

    def on_event(self, event, args):
        yield {{"code": args.get("exit_code")}}
"""


def source(event: str = "found", needs: tuple[str, ...] = ("sched_process_exit",)) -> str:
    return GOOD.format(event=event, needs=needs)


def loaded(directory: Path) -> tuple[Loaded, list[str]]:
    complaints: list[str] = []
    return load_signatures([directory], complaints.append), complaints


def findings(loaded: Loaded, name: str) -> list[TraceEvent]:
    derivation = Derivation(
        selecting_scopes([Scope(3, frozenset({name}))]), loaded.events, loaded.rules
    )
    return derivation(exit_with())


def test_a_file_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(source())
    found, complaints = loaded(tmp_path)
    assert not complaints
    event = found.events["found"]
    assert event.id == 6030
    assert event.sets == {"signatures", "default"}
    assert (event.bases, event.available) == (("sched_process_exit",), True)
    (finding,) = findings(found, "found")
    assert (finding.event_name, finding.matched_scopes) == ("found", 4)
    assert [(one.name, one.type, one.value) for one in finding.args] == [("code", "long", 0)]


def test_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any installed package has it: a module with classes, or a class."""
    (tmp_path / "my_signatures.py").write_text(source() + source("other").replace("Found", "More"))
    package = tmp_path / "mine-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    points = ["all = my_signatures", "bad = my_signatures:GOOD", "none = my_signatures:Signature"]
    (package / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *points]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(finding, "announced", finding.announced.__wrapped__)  # not remembered
    monkeypatch.delitem(sys.modules, "my_signatures", raising=False)
    complaints: list[str] = []
    found = load_signatures([], complaints.append)
    assert {"found", "other"} <= found.events.keys()
    assert len(complaints) == 2
    assert "entry point bad: not loaded: AttributeError" in complaints[0]
    assert "signature Signature: not taken: " in complaints[1]


def test_shipped_ones_are_always_there() -> None:
    found = load_signatures([], pytest.fail)
    assert all(6000 <= number < 6030 for number in SHIPPED)
    for number, kind in SHIPPED.items():
        assert found.events[kind.event].id == number


def test_one_may_need_the_findings_of_another(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(source("second", ("first",)))
    (tmp_path / "b.py").write_text(source("first"))
    found, complaints = loaded(tmp_path)
    assert not complaints
    assert [one.event_name for one in findings(found, "second")] == ["second"]
    assert found.events["second"].available


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 +", "not loaded: SyntaxError: "),
        ("raise SystemExit(3)", "not loaded: SystemExit: 3"),
        (source("no good"), "signature Found: not taken: 'no good' is no name of an event"),
        (source("openat"), "signature Found: not taken: there is an event openat already"),
        (source("anti_debugging"), "there is an event anti_debugging already"),
        (source(needs=()), "signature Found: not taken: it needs no event"),
        (source(needs=("nothing",)), "found needs nothing, which is no event"),
        (source(needs=("found",)), "found needs itself"),
        (source(needs=("hooked_syscalls",)), ""),
        (source().replace("needs =", "need ="), "not taken: AttributeError"),
        (source().replace("on_event", "event_on"), "not taken: TypeError: Can't instantiate"),
    ],
)
def test_what_cannot_be_taken_is_told_in_a_line_and_left_out(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "good.py").write_text(source("good"))
    found, complaints = loaded(tmp_path)
    assert "good" in found.events
    if not complaint:  # it waits for an event that is not supported yet
        assert not found.events["found"].available
        return
    (line,) = complaints
    assert complaint in line
    assert "\n" not in line


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory"):
        load_signatures([tmp_path / "nowhere"], pytest.fail)


FAULTS: dict[str, Callable[[], Any]] = {
    "ZeroDivisionError": lambda: [{"value": 1 // 0}],
    "SystemExit": sys.exit,
    "value of a finding cannot be shown": lambda: [{"value": object()}],
    "big of a finding cannot be shown": lambda: [{"big": 1 << 64}],
    "a finding must map": lambda: [{1: 2}],
    "a finding must map names to values, and is 'b'": lambda: "b",
    "not iterable": lambda: 5,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_in_one_is_told_once_and_counted(fault: str) -> None:
    class Broken(Signature):
        event = "broken"
        needs = ("sched_process_exit",)

        def on_event(self, event: TraceEvent, args: Finding) -> Iterable[Finding]:
            assert event.args
            assert args
            found: Iterable[Finding] = FAULTS[fault]()
            return found

    said: list[str] = []
    guard = Guard(Broken(), said.append)
    assert not [*guard(exit_with(), {"number": 2})]
    assert not [*guard(exit_with(), {"number": 2})]
    assert len(said) == 1
    assert said[0].startswith("signature broken: ")
    assert fault in said[0]
    assert (guard.errors, guard.summary()) == (2, "signature broken: 2 errors")


@pytest.mark.parametrize(
    ("origin", "container", "asked"),
    [
        (Origin.ANY, "", True),
        (Origin.ANY, "abc", True),
        (Origin.CONTAINER, "", False),
        (Origin.CONTAINER, "abc", True),
        (Origin.HOST, "", True),
        (Origin.HOST, "abc", False),
    ],
)
def test_from_where_events_are_asked_for(origin: Origin, container: str, asked: bool) -> None:
    class Here(Signature):
        event = "here"
        needs = ("sched_process_exit",)

        def on_event(self, event: TraceEvent, args: Finding) -> list[Finding]:
            return [{**args, "id": event.container_id}]

    Here.origin = origin
    assert bool([*Guard(Here(), pytest.fail)(exit_with(container_id=container), {})]) == asked
