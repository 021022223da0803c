# SPDX-License-Identifier: Apache-2.0
"""Tests of plug-in signatures that fail: each alone is dropped, or its errors."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.output.samples import Icmp, exit_with
from tests.signatures.plugins import traced
from tracee_ref.events.event import Argument, TraceEvent
from tracee_ref.signatures import plugin, plugins
from tracee_ref.signatures.registry import load_signatures

EVENTS = 20
GUILTY = 7
"""Number of the event at which the bad signature fails."""

CLASS = """
import gc, mmap, os, signal, sys, threading, time
from tracee_ref.signatures import Signature

class {name}(Signature):
    event = "{event}"
    needs = ("sched_process_exit",)

    def on_event(self, event, args):
        number = event.processor_id
{body}
"""

GOOD = 'yield {"number": number}'


def source(event: str, body: str) -> str:
    text = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    return CLASS.format(name=event.title(), event=event, body=text)


class Run:
    """A run with a good signature and another one."""

    def __init__(
        self, directory: Path, body: str, *, good: str = GOOD, events: int = EVENTS
    ) -> None:
        (directory / "bad.py").write_text(source("bad", body))
        (directory / "good.py").write_text(source("good", good))
        self.log: list[str] = []
        self.registry = load_signatures([directory], self.log.append)
        self.start = time.monotonic()
        stream = (exit_with(processor_id=number) for number in range(events))
        self.found = traced(self.registry, "good", "bad", events=stream)
        self.seconds = time.monotonic() - self.start

    def numbers(self, event: str) -> list[int]:
        found = [e for e in self.found if e.event_name == event]
        assert all(e.matched_scopes == 4 for e in found)
        return [value(e, "number") for e in found]

    @property
    def summaries(self) -> list[str]:
        return self.registry.summaries()


def value(event: TraceEvent, name: str) -> int:
    (found,) = [argument.value for argument in event.args if argument.name == name]
    assert isinstance(found, int)
    return found


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "EVENT_SECONDS", 2.0)


@pytest.fixture(autouse=True)
def blocked_signals() -> Iterator[None]:
    """Block signals as the tracer does; its children have none blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


DROPPED = {
    "os._exit(3)": "its process exited with status 3",
    "os.kill(os.getpid(), signal.SIGKILL)": "its process was killed by signal 9",
    "os.kill(0, signal.SIGTERM)": "its process was killed by signal 15",
    "signal.alarm(1); time.sleep(30)": "its process was killed by signal 14|one event took more",
    "while True: pass": "one event took more than 2 s",
    "max(iter(int, 1))": "one event took more than 2 s",
    "os.kill(os.getpid(), signal.SIGSTOP)": "one event took more than 2 s",
    "time.sleep(1000)": "one event took more than 2 s",
    "threading.Thread(target=os._exit, args=[4]).start(); time.sleep(9)": "exited with status 4",
    "yield from iter(lambda: {'number': number}, 0)": "more than 1000 findings of one event",
    "os.closerange(3, 99)": "its process exited with status",
    "os.fork() and os._exit(5)": "its process exited with status 5",
}


@pytest.mark.parametrize("code", DROPPED)
def test_plugin_dropped(tmp_path: Path, code: str) -> None:
    """A signature that ends its process or does not come to an end is dropped; not its findings
    before, nor anything of the other signature."""
    run = Run(tmp_path, f"yield {{'number': number}}\nif number == {GUILTY}:\n    {code}")
    assert run.numbers("good") == [*range(EVENTS)]
    assert run.numbers("bad")[:GUILTY] == [*range(GUILTY)]
    (line,) = run.log
    assert line.startswith("signature bad: dropped: ")
    reason = line.removeprefix("signature bad: dropped: ")
    assert any(part in reason for part in DROPPED[code].split("|"))
    unseen = EVENTS - GUILTY
    expected = f"signature bad: dropped after {GUILTY} events ({reason}), {unseen} events not seen"
    assert run.summaries == [expected]
    assert run.seconds < 10


UNREADABLE = "E: (its text cannot be read)"
COUNTED = {
    "1 / 0": "ZeroDivisionError: division by zero",
    "sys.exit(1)": "SystemExit: 1",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "raise BaseException('x')": "BaseException: x",
    "(lambda f: f(f))(lambda f: f(f))": "RecursionError: maximum recursion depth",
    "bytearray(1 << 40)": "MemoryError",
    "b'x' * (1 << 31)": "MemoryError",
    "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})": UNREADABLE,
    "raise type('E', (Exception,), {'__str__': lambda self: os})": UNREADABLE,
    "raise Exception('a\\n\\x1b[2Jb')": "Exception: a \x1b[2Jb",
    "yield {'x': object()}": "TypeError: x of a finding cannot be printed: <object",
    "yield {'x': 1 << 64}": "TypeError: x of a finding cannot be printed: 18446744073709551616",
    "yield {1: 2}": "TypeError: a finding must map names to values: 1 is no name",
    "yield 'b'": "TypeError: a finding must map names to values, not 'b'",
    "x = []; x.append(x); yield {'x': x}": "TypeError: x of a finding cannot be printed: more than",
    "yield {'x': 'a' * (2 << 20)}": "findings of one event have more than 1048576 bytes",
    "yield {'\\udcff': 1}": "TypeError: a finding must map names to values: '\\udcff' is no name",
    "yield {'a\\nb': 1}": "TypeError: a finding must map names to values: 'a\\nb' is no name",
    "yield {'x': {'a\\nb': 1}}": "TypeError: x of a finding cannot be printed: 'a\\nb' is no name",
}


@pytest.mark.parametrize("code", COUNTED)
def test_plugin_error(tmp_path: Path, code: str) -> None:
    """Whatever a signature raises is reported once and counted; it goes on with the next event."""
    run = Run(
        tmp_path, f"if number % 10 == {GUILTY}:\n    {code}\nelse: yield {{'number': number}}"
    )
    assert run.numbers("good") == [*range(EVENTS)]
    assert run.numbers("bad") == [n for n in range(EVENTS) if n % 10 != GUILTY]
    (line,) = run.log
    assert line.startswith(f"signature bad: {COUNTED[code]}")
    assert "\n" not in line
    assert run.summaries == ["signature bad: 2 errors"]


def test_plugin_changes_event(tmp_path: Path) -> None:
    """What a signature does to its event reaches neither the tracer nor other signatures."""
    body = """
    event.event_name, event.matched_scopes = "x", -1
    event.args.clear()
    args.clear()
    args["number"] = number
    yield args
    """
    run = Run(tmp_path, body)
    assert run.numbers("good") == run.numbers("bad") == [*range(EVENTS)]


def test_plugin_order(tmp_path: Path) -> None:
    """Findings are in the order of events, whichever signature is quicker."""
    body = "time.sleep(number % 3 / 100)\nyield {'number': number}"
    run = Run(tmp_path, body, events=30)
    numbers = [value(event, "number") for event in run.found]
    assert numbers == sorted(numbers)
    assert len(numbers) == 60


def test_plugin_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings of a signature do not wait for one that is far behind."""
    monkeypatch.setattr(plugin, "LATE_SECONDS", 0.0)
    run = Run(tmp_path, "time.sleep(0.1)\nyield {'number': number}", events=10)
    names = [event.event_name for event in run.found]
    assert names == ["good"] * 10 + ["bad"] * 10


def test_plugin_keeps_state(tmp_path: Path) -> None:
    """A signature has its state for the whole run, whatever happens to others."""
    (tmp_path / "state.py").write_text(
        "counted = 0\n" + source("state", "global counted\ncounted += 1\nyield {'number': counted}")
    )
    (tmp_path / "bad.py").write_text(source("bad", "if number == 3: os._exit(0)"))
    stream = [exit_with(processor_id=number) for number in range(EVENTS)]
    found = traced(load_signatures([tmp_path], print), "state", "bad", events=stream)
    assert [value(event, "number") for event in found] == [*range(1, EVENTS + 1)]


def test_plugin_copies_values(tmp_path: Path) -> None:
    """Values of the event keep their type, also structures and strings that are no UTF-8."""
    args = [
        Argument("a", "const char*", "x\udcff"),
        Argument("b", "trace.ProtoICMP", Icmp("EchoRequest", 1, 2, 3)),
    ]
    (tmp_path / "copy.py").write_text(source("copied", "yield {**args, 'own': ['\\udc80é', b'x']}"))
    registry = load_signatures([tmp_path], print)
    (event,) = traced(registry, "copied", events=[exit_with(args=args)])
    assert event.args == [*args, Argument("own", "const char*const*", ["\udc80é", b"x"])]


def test_plugin_slow_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature has the time of loading for its start, and is dropped if it takes longer."""
    monkeypatch.setattr(plugin, "EVENT_SECONDS", 0.2)
    (tmp_path / "slow.py").write_text(f"import time\ntime.sleep(1)\n{source('slow', GOOD)}")
    log: list[str] = []
    registry = load_signatures([tmp_path], log.append)
    assert len(traced(registry, "slow")) == 1
    monkeypatch.setattr(plugin, "LOAD_SECONDS", 0.4)
    registry = load_signatures([tmp_path], log.append)
    assert not traced(registry, "slow")
    assert log == ["signature slow: dropped: its start took more than 0 s"]


def test_plugin_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events that a slow signature has no time for are counted."""
    monkeypatch.setattr(plugin, "OUTSTANDING_MAX", 10)
    monkeypatch.setattr(plugins, "FINISH_SECONDS", 0.5)
    run = Run(tmp_path, "time.sleep(0.2)", events=100)
    (bad,) = [line for line in run.summaries if line.startswith("signature bad: dropped after ")]
    assert bad.endswith(" events not seen")
    assert run.seconds < 5


def test_plugin_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events of one scope that a slow signature has no time for take no room of another."""
    monkeypatch.setattr(plugin, "OUTSTANDING_MAX", 160)
    (tmp_path / "slow.py").write_text(source("slow", "time.sleep(1)"))
    registry = load_signatures([tmp_path], print)
    (slow,) = [runner for runner in registry.runners if isinstance(runner, plugin.Plugin)]
    slow.start(0b101)
    for _ in range(200):
        slow(exit_with(matched_scopes=1), {})
    assert slow.summary() == "signature slow: 84 events not seen"
    for _ in range(30):
        slow(exit_with(matched_scopes=0b101), {})
    assert slow.summary() == "signature slow: 84 events not seen"
    slow.close()


def test_plugin_flood_of_answers(tmp_path: Path) -> None:
    """A signature cannot send what is no answer."""
    run = Run(tmp_path, f"if number == {GUILTY}: [os.write(n, b'x' * 9) for n in (3, 4, 5)]")
    assert run.numbers("good") == [*range(EVENTS)]
    assert len(run.log) == 1


def test_plugin_overwrites_maps(tmp_path: Path) -> None:
    """A signature has its own progress in memory, not that of the others."""
    maps = "[item for item in gc.get_objects() if type(item) is mmap.mmap]"
    write = f"for m in {maps}: m[:] = b'\\xff' * len(m)"
    body = f"end = time.monotonic() + 1\nwhile time.monotonic() < end:\n    {write}"
    run = Run(tmp_path, body, good=f"time.sleep(0.02)\n{GOOD}")
    assert run.numbers("good") == [*range(EVENTS)]


def test_plugin_leaves_no_process(tmp_path: Path) -> None:
    """Children of a signature end with it, and so do the processes of all signatures."""
    marker = f"signature-child-{os.getpid()}"
    run = Run(
        tmp_path,
        f"if number == 2 and not os.fork(): os.execvp('sh', ['sh', '-c', 'sleep 60; : {marker}'])",
    )
    assert run.numbers("good") == [*range(EVENTS)]
    deadline = time.monotonic() + 5
    while marker in command_lines() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert marker not in command_lines()


def command_lines() -> str:
    """Return the command lines of our processes' sessions, those of this test only."""
    texts = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(text for text in texts if "signature-child-" in text)


def test_plugin_prints(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a signature prints is on stderr, escaped; it has no input."""
    Run(tmp_path, "if number == 1: print('a\\x1b[2Jb', sys.stdin.read())")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == "tracee-ref: signature bad: a\\x1b[2Jb \n"


def test_plugin_prints_raw(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """So is what it and its programs write to the descriptors."""
    writes = "os.write(1, b'a\\x1b\\xff\\n'); os.system('printf \"b\\033\\n\" >&2')"
    run = Run(tmp_path, f"if number == 1: {writes}; time.sleep(0.2)\nyield from ()")
    assert run.log == []
    captured = capfd.readouterr()
    assert captured.out == ""
    lines = ["a\\x1b\ufffdff", "b\\x1b"]
    assert captured.err.splitlines() == [f"tracee-ref: signature bad: {line}" for line in lines]


def test_plugin_dies_with_tracer(tmp_path: Path) -> None:
    """The processes of signatures end with a tracer that is killed."""
    (tmp_path / "good.py").write_text(source("good", GOOD))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        registry = load_signatures([tmp_path], print)
        started = registry.plugins(["good"])
        started.start()
        os.write(writer, str(started.pids[0]).encode())
        time.sleep(30)
        os._exit(0)
    pid = int(os.read(reader, 99))
    assert Path(f"/proc/{pid}").exists()
    os.kill(child, 9)
    os.waitpid(child, 0)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
