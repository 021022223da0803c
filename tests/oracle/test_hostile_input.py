# SPDX-License-Identifier: Apache-2.0
"""Any input of scope-oracle: a verdict or one line, never a traceback."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle_command import Ran, oracle
from tests.traced_events import fork, traced, written
from tracee_ref.oracle import inputs
from tracee_ref.oracle.protocol.strict_json import JsonError, parse_json
from tracee_ref.oracle.protocol.vector import CORPUS
from tracee_ref.oracle.streams import events_json
from tracee_ref.strings import is_visible

FLAGS = (
    *("event=openat,sched_process_fork,sched_process_exec", "comm=ls,a*", "uts!=x", "2:event=*"),
    *("2:openat.args.flags=O_RDONLY", "2:openat.args.pathname=*x", "2:openat.retval<5"),
    *("2:openat.context.syscall=a", "2:openat.context.podName=a", "3:binary=/x", "3:follow"),
    *("3:tree=5", "4:container=new", "4:pid=new", "2:openat.args.mode>3"),
)
EVENTS = [traced("openat", 1), fork(3, 7, 256), traced("sched_process_exec", 1)]
NUMBERS = ["1e999", "-1", "NaN", "Infinity", "1" * 5000, "9" * 300, "1.5", "-0", "true", "null"]
STRINGS = [r'"\ud800"', r'"\udcff"', r'"\u0000"', '"\ufffd"', '"\ufffdff"', r'"\u009b\u202e"']
SHAPES = ["[]", "{}", '[{"name":"child_pid"}]', '[{"name":[]}]', "[1]", "[" * 80 + "]" * 80]
NAMES = [*EVENTS[0], "args", "executable", "container", "kubernetes", "matchedPolicies", "lost"]
HOSTILE = st.sampled_from([*NUMBERS, *STRINGS, *SHAPES]) | st.from_regex(r'"[ -!#-\[\]-~]{0,9}"')
IN_TMP = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """An event with some of its values replaced, twice in it, or missing; or any bytes."""
    pairs = [
        (json.dumps(key), json.dumps(value)) for key, value in draw(st.sampled_from(EVENTS)).items()
    ]
    for _ in range(draw(st.integers(0, 3))):
        name, value = json.dumps(draw(st.sampled_from(NAMES))), draw(HOSTILE)
        if draw(st.booleans()):
            pairs = [pair for pair in pairs if pair[0] != name]
        pairs.append((name, value))
    line = "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"
    return draw(st.sampled_from([line.encode(), line.encode()[:-3], draw(st.binary(max_size=40))]))


def one_line_or_verdict(ran: Ran) -> Ran:
    """Check that an outcome is a verdict, or an error of one line."""
    assert ran.status in (0, 1, 2, 3)
    assert ran.err.count("\n") <= 1
    assert "Traceback" not in ran.err
    assert all(map(is_visible, (ran.out + ran.err).replace("\n", "")))
    if ran.status in (2, 3):
        assert ran.err.startswith("scope-oracle: ")
    return ran


@IN_TMP
@given(
    st.lists(lines(), max_size=4), st.sampled_from([(), ("--json",), ("--dialect", "tracee-0.12")])
)
def test_check_any_stream(tmp_path: Path, stream: list[bytes], options: tuple[str, ...]) -> None:
    """A stream of anything gives a verdict or an error, and agrees only if an event is in it."""
    path = tmp_path / "stream.json"
    path.write_bytes(b"\n".join(stream))
    ran = one_line_or_verdict(oracle("check", "-f", *FLAGS, *options, "--", path))
    if ran.status == 0 and not options:
        assert not ran.out.startswith("events: 0 ")
    if ran.status == 3:
        assert "agreed" not in ran.out.replace('"agreed": false', "")


@IN_TMP
@given(st.lists(lines(), max_size=2))
def test_check_any_unfiltered(tmp_path: Path, stream: list[bytes]) -> None:
    """The unfiltered stream and the policies may be anything."""
    path, own = tmp_path / "all.json", written(tmp_path / "own.json", [EVENTS[0]])
    path.write_bytes(b"\n".join(stream))
    one_line_or_verdict(oracle("check", "-f", *FLAGS, "--unfiltered", path, "--", own))
    one_line_or_verdict(oracle("check", "-f", *FLAGS, "--policies", path, "--", own))


@IN_TMP
@given(st.lists(lines(), max_size=2))
def test_explain_any_event(tmp_path: Path, stream: list[bytes]) -> None:
    """What is explained may be anything."""
    path = tmp_path / "event.json"
    path.write_bytes(b"\n".join(stream))
    one_line_or_verdict(oracle("explain", *(f"-f{flag}" for flag in FLAGS), path))


@pytest.mark.parametrize("nested", ["[" * 65 + "]" * 65, '{"a":' * 65 + "1" + "}" * 65])
def test_parse_json_depth(nested: str) -> None:
    """Nesting has a limit; brackets in strings do not count."""
    with pytest.raises(JsonError, match="nested deeper than 64"):
        parse_json(nested.encode())
    assert parse_json(json.dumps(nested).encode()) == nested
    assert len(parse_json(b"[" + b"[]," * 99 + b"[]]")) == 100


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark: convert it"),
        ("{}".encode("utf-16"), "it is UTF-16, not UTF-8: convert it"),
        ("{}".encode("utf-32"), "it is UTF-32, not UTF-8: convert it"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"9" * 5000, "not JSON: a number has too many digits"),
        (b'{"a": {"b": 1, "c": 2, "b": 1}}', "'b' is twice in an object"),
    ],
)
def test_parse_json_refuses(data: bytes, reason: str) -> None:
    """What is refused is named."""
    with pytest.raises(JsonError) as refused:
        parse_json(data)
    assert str(refused.value) == reason


@pytest.mark.parametrize("name", [b"matchedScopes", b"userId", b"eventName", b"name"])
def test_check_name_twice(tmp_path: Path, name: bytes) -> None:
    """An event with a name twice is none: readers differ in which value they take."""
    line = written(tmp_path / "events.json", [EVENTS[1]]).read_bytes()
    value = re.search(rb'"%s": ?([^,}]+)' % name, line)
    assert value, line
    path = tmp_path / "twice.json"
    path.write_bytes(line.replace(value[0], value[0] + b"," + value[0], 1))
    ran = oracle("check", "-f", *FLAGS, "--", path)
    assert ran.status == 3
    assert f"no event: '{name.decode()}' is twice in an object" in ran.out


def mutated(value: Any, draw: st.DrawFn) -> Any:
    """Return JSON data with one of its parts replaced."""
    odd: list[Any] = [None, True, -1, 10**30, 1.5, "", "\0", "x", [], {}, [[]], {"hex": "zz"}]
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: mutated(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutated(value[index], draw), *value[index + 1 :]]
    return draw(st.sampled_from(odd))


VECTORS = [
    json.loads(line)
    for path in sorted(CORPUS.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()[::40]
]


@st.composite
def vectors(draw: st.DrawFn) -> Any:
    return mutated(draw(st.sampled_from(VECTORS)), draw)


@IN_TMP
@given(vectors())
def test_journal_of_anything(tmp_path: Path, vector: Any) -> None:
    """A journal, an event of a vector and a file of vectors may be anything."""
    path, own = tmp_path / "vector.json", written(tmp_path / "own.json", [EVENTS[0]])
    path.write_text(json.dumps(vector))
    one_line_or_verdict(oracle("check", "-f", *FLAGS, "--journal", path, "--", own))
    question = vector.get("question") if isinstance(vector, dict) else None
    path.write_text(json.dumps(question.get("event") if isinstance(question, dict) else None))
    one_line_or_verdict(oracle("explain", "-fevent=openat", path))


@IN_TMP
@given(
    st.binary(max_size=60) | st.sampled_from(NUMBERS).map(lambda n: b'{"lost": %b}' % n.encode())
)
def test_losses_of_anything(tmp_path: Path, content: bytes) -> None:
    """A file of losses may be anything."""
    path, own = tmp_path / "losses", written(tmp_path / "own.json", [EVENTS[0]])
    path.write_bytes(content)
    one_line_or_verdict(oracle("check", "-f", *FLAGS, "--losses", path, "--", own))


@pytest.mark.parametrize(
    "lost", ["-5", "+5", "1.5", "nan", "inf", "1e9", "9" * 5000, '{"lost":-5}']
)
def test_losses_are_counts(tmp_path: Path, lost: str) -> None:
    """Losses that are no counts are refused, also in a file and in the stream."""
    own = written(tmp_path / "own.json", [EVENTS[0]])
    if lost.startswith("{"):
        (tmp_path / "losses").write_text(lost)
        ran = oracle("check", "-fevent=openat", "--losses", tmp_path / "losses", "--", own)
        assert (ran.status, ran.err.count("no losses in it")) == (2, 1)
        own.write_text(own.read_text() + lost)
        assert oracle("check", "-fevent=openat", "--", own).status == 3
    else:
        ran = oracle("check", "-fevent=openat", f"--losses={lost}", "--", own)
        assert (ran.status, ran.err.count("not a count")) == (2, 1)


@pytest.mark.parametrize(
    "option",
    [
        *("--window=nan", "--window=inf", "--window=-1", "--window=1e300", "--show=-1"),
        *("--tracer=-1", "--tracer=" + "9" * 5000, "--host-mntns=-1", "--host-mntns=1e3"),
    ],
)
def test_check_odd_numbers(tmp_path: Path, option: str) -> None:
    """A number that makes no sense is an error."""
    own = written(tmp_path / "own.json", [EVENTS[0]])
    assert one_line_or_verdict(oracle("check", "-fevent=openat", option, "--", own)).status == 2


WITHOUT_EVENT = {"empty": b"", "blank": b"\n\n \n", "losses": b'{"lost": 1}', "zeros": b"\0" * 99}


@pytest.mark.parametrize("name", WITHOUT_EVENT)
@pytest.mark.parametrize("json_", [True, False])
def test_no_event_is_no_verdict(tmp_path: Path, name: str, json_: bool) -> None:
    """Without a readable event nothing agreed: alone, with another stream, or one of several."""
    path, full = tmp_path / "own.json", written(tmp_path / "full.json", [EVENTS[0]])
    path.write_bytes(WITHOUT_EVENT[name])
    options = ["--json"] if json_ else []
    for arguments in (
        [path],
        ["--unfiltered", path, "--", path],
        ["--unfiltered", path, "--unfiltered", full, "--", path, full],
        [full, path],
    ):
        ran = oracle("check", "-fevent=openat", *options, *arguments)
        assert ran.status == 3, ran
        assert ran.err.endswith(": no verdict\n")
        if json_:
            data = json.loads(ran.out)
            assert (data["agreed"], data["verdict"]) == (False, "none")
        else:
            assert ran.out.endswith("verdict: none\n")
    ran = oracle("explain", "-fevent=openat", path)
    assert ran.status == 2


def test_check_fifo_without_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO that nobody writes has a time limit, and so has one that stops."""
    monkeypatch.setattr(inputs, "START_SECONDS", 0.1)
    monkeypatch.setattr(inputs, "IDLE_SECONDS", 0.1)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for arguments in (["--", fifo], ["--losses", fifo, "--", written(tmp_path / "own", EVENTS)]):
        ran = oracle("check", "-fevent=openat", *arguments)
        assert (ran.status, ran.err.count("no data for 0.1 s")) == (3, 1)
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, json.dumps(EVENTS[0]).encode())
    assert oracle("check", "-fevent=openat", "--", fifo).status == 3
    os.close(writer)


def test_check_fifo_is_read(tmp_path: Path) -> None:
    """A FIFO with a writer is read to its end."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=written, args=(fifo, [EVENTS[0]]))
    writer.start()
    assert oracle("check", "-fevent=openat", "--", fifo).status == 0
    writer.join()


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/urandom"])
@pytest.mark.parametrize("option", ["--", "--losses", "--journal"])
def test_check_endless_device(tmp_path: Path, device: str, option: str) -> None:
    """A device without an end is given up, whatever it is read as."""
    own = written(tmp_path / "own.json", [EVENTS[0]])
    arguments = [option, device] if option == "--" else [option, device, "--", own]
    ran = one_line_or_verdict(oracle("check", "-fevent=openat", *arguments))
    assert ran.status in (2, 3)
    assert device in ran.err


def test_check_endless_junk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without an event have a limit in a row."""
    monkeypatch.setattr(events_json, "MAX_JUNK_LINES", 10)
    path = tmp_path / "own.json"
    path.write_text("\n" * 10 + json.dumps(EVENTS[0]) + "\n" * 10)
    assert oracle("check", "-fevent=openat", "--", path).status == 0
    path.write_text(json.dumps(EVENTS[0]) + "\n" * 12)
    ran = oracle("check", "-fevent=openat", "--", path)
    assert (ran.status, ran.out) == (3, "")
    assert "10 lines in a row hold no event" in ran.err


def test_check_long_line(tmp_path: Path) -> None:
    """A line that is too long is one line without an event."""
    path = tmp_path / "own.json"
    event = json.dumps(EVENTS[0])
    path.write_text(f"{event}\n{' ' * (events_json.MAX_LINE_BYTES + 9)}x\n{event}\n")
    ran = oracle("check", "-fevent=openat", "--", path)
    assert ran.status == 3
    assert f"{path}:2: no event: longer than 4 MiB\n" in ran.out
    assert "no event: 1\n" in ran.out


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "\u202e", "\udcff"])
def test_file_names_are_escaped(tmp_path: Path, name: str) -> None:
    """The name of a file, and what is in it, is escaped in reports."""
    path = tmp_path / name
    event = traced("openat", 3, processName=f"x{name[:1]}".replace("\udcff", ""))
    written(path, [event])
    ran = one_line_or_verdict(oracle("check", "-fevent=openat", "--", path))
    assert ran.status == 1
    one_line_or_verdict(oracle("check", "-fevent=openat", "--", tmp_path / f"{name}x"))


@pytest.fixture
def consumer(tmp_path: Path) -> Callable[..., Ran]:
    """A consumer that sends hello, and then the line of a test for each case."""

    def run(line: str) -> Ran:
        script = tmp_path / "consumer.py"
        script.write_text(
            "import sys, json\n"
            "for number, line in enumerate(sys.stdin):\n"
            "    case = json.loads(line)\n"
            "    hello = dict(type='hello', protocol=1, name='x\\x1b', version='1')\n"
            "    hello['features'] = ['all']\n"
            f"    text = {line!r}.replace('ID', case.get('id', ''))\n"
            "    print(text if number else json.dumps(hello), flush=True)\n"
        )
        return oracle(
            *("run", "--id", "decision-01-001", "--json", tmp_path / "run.json"),
            *("--junit", tmp_path / "run.xml", "--", sys.executable, script),
        )

    return run


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"answer","id":"ID","mask":NaN}',
        '{"type":"answer","id":"ID","mask":1e999}',
        r'{"type":"answer","id":"ID","mask":"\ud800"}',
        '{"type":"answer","id":"ID","mask":"1","mask":"2"}',
        '{"type":"answer","id":"ID","mask":' + "[" * 900 + "]" * 900 + "}",
        r'{"type":"skipped","id":"ID","reason":"\u001b[31m\u202e"}',
        "\udcff",
    ],
)
def test_run_any_answer(consumer: Callable[..., Ran], line: str, tmp_path: Path) -> None:
    """A consumer may answer anything; without an agreed case the reports say so, too."""
    ran = consumer(line)
    assert ran.status in (1, 3)
    assert all(map(is_visible, ran.out.replace("\n", "")))
    data = json.loads((tmp_path / "run.json").read_text(), parse_constant=pytest.fail)
    assert data["status"] == ran.status
    report = (tmp_path / "run.xml").read_text()
    assert "<error" in report or "<failure" in report
