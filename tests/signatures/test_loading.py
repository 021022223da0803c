# SPDX-License-Identifier: Apache-2.0
"""Tests of plug-in signatures: their loading, and their errors."""

from __future__ import annotations

import os
import py_compile
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.output.samples import exit_with
from tests.signatures.plugins import traced
from tracee_ref.errors import UsageError
from tracee_ref.events.event import TraceEvent
from tracee_ref.signatures import Finding, Origin, Signature, loader, sources
from tracee_ref.signatures.registry import BUILTIN, Registry, load_signatures
from tracee_ref.signatures.runner import SignatureRunner
from tracee_ref.signatures.sources import GROUP

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


def load(directory: Path) -> tuple[Registry, list[str]]:
    warnings: list[str] = []
    return load_signatures([directory], warnings.append), warnings


def test_load_directory(tmp_path: Path) -> None:
    """A class in a file of a directory becomes an event."""
    (tmp_path / "mine.py").write_text(source())
    registry, warnings = load(tmp_path)
    assert not warnings
    event = registry.events["found"]
    assert event.id == 6030
    assert event.sets == {"signatures", "default"}
    assert (event.bases, event.available) == (("sched_process_exit",), True)
    (finding,) = traced(registry, "found")
    assert (finding.event_name, finding.matched_scopes) == ("found", 4)
    assert [(arg.name, arg.type, arg.value) for arg in finding.args] == [("code", "long", 0)]


def test_load_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point is a module with classes, or a class."""
    (tmp_path / "my_signatures.py").write_text(source() + source("other").replace("Found", "More"))
    package = tmp_path / "mine-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    points = ["all = my_signatures", "bad = my_signatures:GOOD", "none = my_signatures:Signature"]
    (package / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *points]))
    monkeypatch.syspath_prepend(str(tmp_path))
    uncached = sources.signature_entry_points.__wrapped__
    monkeypatch.setattr(sources, "signature_entry_points", uncached)
    monkeypatch.delitem(sys.modules, "my_signatures", raising=False)
    warnings: list[str] = []
    registry = load_signatures([], warnings.append)
    assert {"found", "other"} <= registry.events.keys()
    assert len(warnings) == 2
    assert "entry point bad: not loaded: AttributeError" in warnings[0]
    assert "signature Signature: not added: " in warnings[1]


def test_load_builtin() -> None:
    """The built-in signatures have the ids of Tracee v0.12."""
    registry = load_signatures([], pytest.fail)
    assert all(6000 <= number < 6030 for number in BUILTIN)
    for number, kind in BUILTIN.items():
        assert registry.events[kind.event].id == number


def test_load_dependent_signature(tmp_path: Path) -> None:
    """A signature may need the findings of another, whatever the order of their files."""
    (tmp_path / "a.py").write_text(source("second", ("first",)))
    (tmp_path / "b.py").write_text(source("first"))
    registry, warnings = load(tmp_path)
    assert not warnings
    assert [event.event_name for event in traced(registry, "second")] == ["second"]
    assert registry.events["second"].available


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("1 +", "not loaded: SyntaxError: "),
        ("raise SystemExit(3)", "not loaded: SystemExit: 3"),
        (source("no good"), "signature Found: not added: 'no good' is not an event name"),
        (source("openat"), "signature Found: not added: there is an event openat already"),
        (source("anti_debugging"), "there is an event anti_debugging already"),
        (source(needs=()), "signature Found: not added: it needs no event"),
        (source(needs=("nothing",)), "found needs nothing, which is no event"),
        (source(needs=("found",)), "found needs itself"),
        (source(needs=("hooked_syscalls",)), ""),
        (source().replace("needs =", "need ="), "not added: AttributeError"),
        (source().replace("on_event", "event_on"), "not added: TypeError: Can't instantiate"),
    ],
)
def test_load_invalid_signature(tmp_path: Path, text: str, warning: str) -> None:
    """A class that cannot be added is reported in a line, and the others are added."""
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "good.py").write_text(source("good"))
    registry, warnings = load(tmp_path)
    assert "good" in registry.events
    if not warning:  # it needs an event that is not supported yet
        assert not registry.events["found"].available
        return
    (line,) = warnings
    assert warning in line
    assert "\n" not in line


@pytest.mark.parametrize("name", [".", "mine.py"])
def test_load_writable_by_others(tmp_path: Path, name: str) -> None:
    """A directory or a file that others can write is refused: its code would run as root."""
    (tmp_path / "mine.py").write_text("raise SystemExit")
    (tmp_path / name).chmod(0o777)
    with pytest.raises(UsageError, match=r"--signatures .*: others can write .*; chmod go-w it"):
        load_signatures([tmp_path], pytest.fail)


def test_load_ignores_compiled(tmp_path: Path) -> None:
    """Code that Python cached is not used: who may write it is not known."""
    (tmp_path / "mine.py").write_text(source("other"))
    compiled = py_compile.compile(str(tmp_path / "mine.py"))
    assert compiled
    (tmp_path / "mine.py").write_text(source("found"))
    os.utime(tmp_path / "mine.py", (0, 0))
    registry, warnings = load(tmp_path)
    assert not warnings
    assert "found" in registry.events


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("import os; os._exit(3)", "its process exited with status 3"),
        ("while True: pass", "it took more than 1 s"),
        ("import os; os.kill(os.getpid(), 11)", "its process was killed by signal 11"),
        ("import os; os.fork()\nwhile True: pass", "it took more than 1 s"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import sys; sys.exit()", "SystemExit"),
    ],
)
def test_load_contained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, warning: str
) -> None:
    """Code that ends its process or does not end is reported, and the others are loaded."""
    monkeypatch.setattr(loader, "LOAD_SECONDS", 1.0)
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "good.py").write_text(source("good"))
    registry, warnings = load(tmp_path)
    assert "good" in registry.events
    assert warnings == [f"{tmp_path}/bad.py: not loaded: {warning}"]


def test_load_missing_directory(tmp_path: Path) -> None:
    """A missing directory is an error of usage."""
    with pytest.raises(UsageError, match="no such directory"):
        load_signatures([tmp_path / "nowhere"], pytest.fail)


def test_runner_error() -> None:
    """An exception of a built-in signature is reported once, and counted."""

    class Broken(Signature):
        event = "broken"
        needs = ("sched_process_exit",)

        def on_event(self, event: TraceEvent, args: Finding) -> Iterable[Finding]:
            yield {"value": event.processor_id // args["zero"]}

    logged: list[str] = []
    runner = SignatureRunner(Broken(), logged.append)
    assert not [*runner(exit_with(), {"zero": 0})]
    assert not [*runner(exit_with(), {"zero": 0})]
    assert logged == ["signature broken: ZeroDivisionError: integer division or modulo by zero"]
    assert (runner.errors, runner.summary()) == (2, "signature broken: 2 errors")


@pytest.mark.parametrize(
    ("origin", "container", "runs"),
    [
        (Origin.ANY, "", True),
        (Origin.ANY, "abc", True),
        (Origin.CONTAINER, "", False),
        (Origin.CONTAINER, "abc", True),
        (Origin.HOST, "", True),
        (Origin.HOST, "abc", False),
    ],
)
def test_runner_origin(origin: Origin, container: str, runs: bool) -> None:
    """Only events of the origin reach the signature."""

    class Here(Signature):
        event = "here"
        needs = ("sched_process_exit",)

        def on_event(self, event: TraceEvent, args: Finding) -> list[Finding]:
            return [{**args, "id": event.container_id}]

    Here.origin = origin
    assert (
        bool([*SignatureRunner(Here(), pytest.fail)(exit_with(container_id=container), {})]) == runs
    )
