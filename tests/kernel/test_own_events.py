# SPDX-License-Identifier: Apache-2.0
"""Events that a user declares in a YAML file.

TRACEE_REF_FUZZ is the number of random files; the full run has 100,000.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from tracee_ref.errors import HostError, UsageError
from tracee_ref.events.catalogue import EventDefinition, all_events, data_file
from tracee_ref.events.declarations import DYNAMIC_IDS
from tracee_ref.files.strict_yaml import YamlError, parse_yaml
from tracee_ref.kernel.attach.features import KPROBES
from tracee_ref.kernel.probes.own_events import own_events, read_file
from tracee_ref.strings import visible

EXAMPLES = int(os.environ.get("TRACEE_REF_FUZZ", "300"))
SCHEMA = jsonschema.Draft202012Validator(json.loads(data_file("own_events.schema.json")))
MALLOC = "/bin/cat:main"

GOOD = """
events:
  - name: renamed
    hook: tracepoint
    at: task:task_rename
    sets: [mine]
    arguments:
      - {name: new, from: newcomm}
      - {name: pid}
  - name: exited
    hook: tracepoint
    at: sched:sched_process_exit
"""


def declared(text: str) -> list[EventDefinition]:
    return own_events(parse_yaml(text.encode())["events"], all_events(), iter(DYNAMIC_IDS))


@pytest.fixture(scope="module", autouse=True)
def _tracefs() -> None:
    try:
        declared(GOOD)
    except HostError as error:
        pytest.skip(str(error))


def test_own_events_good() -> None:
    """An event has its name, sets, an id of the run, and the arguments that are chosen."""
    renamed, exited = declared(GOOD)
    assert (renamed.name, renamed.id, sorted(renamed.sets)) == ("renamed", 1024, ["mine"])
    assert [(a.name, a.type) for a in renamed.args] == [("new", "char[16]"), ("pid", "pid_t")]
    assert exited.args[0].name == "comm"
    SCHEMA.validate(parse_yaml(GOOD.encode()))


BAD_ROWS = {
    "5": "event ?: 5 is no mapping",
    "{hook: tracepoint}": "event ?: name None",
    "{name: A}": "event ?: name 'A'",
    "{name: openat}": "event openat: there is an event of this name already",
    "{name: x, hook: kprob}": "did you mean kprobe?",
    "{name: x, hook: [1]}": "event x: hook [1]; hooks are kprobe, kretprobe, tracepoint,",
    "{name: x, hook: tracepoint}": "event x: at x; expected that of tracepoint:GROUP:NAME",
    "{name: x, hook: tracepoint, at: 5}": "event x: at 5",
    "{name: x, hook: tracepoint, at: 'sched:*'}": "event x: at sched:*",
    "{name: x, hook: tracepoint, at: sched:sched_wakup}": "did you mean tracepoint:sched:sched_wa",
    "{name: x, hook: tracepoint, at: task:task_rename, id: 5}": "event x: has no 'id'",
    "{name: x, hook: tracepoint, at: task:task_rename, argument: []}": "did you mean arguments?",
    "{name: x, hook: tracepoint, at: task:task_rename, sets: a}": "event x: sets 'a'",
    "{name: x, hook: tracepoint, at: task:task_rename, arguments: 1}": "event x: arguments 1",
    "{name: x, hook: tracepoint, at: task:task_rename, arguments: [{name: newcom}]}": (
        "event x.newcom: from 'newcom'; the arguments there are pid, oldcomm, newcomm,"
    ),
    "{name: x, hook: tracepoint, at: task:task_rename, arguments: [{name: pid, as: number}]}": (
        "event x.pid: as and type; a tracepoint has the types of its fields"
    ),
    "{name: x, hook: tracepoint, at: task:task_rename, arguments: [{name: pid}, {name: pid}]}": (
        "event x: has two arguments 'pid'"
    ),
    "{name: x, hook: uprobe, at: /etc/passwd:main}": "/etc/passwd: not an ELF file",
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.items())
def test_own_events_errors(row: str, message: str) -> None:
    """A wrong row is an error in one line that names the event and the remedy."""
    with pytest.raises((UsageError, HostError)) as error:
        declared(f"events: [{row}]")
    assert message in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.skipif(KPROBES.exists(), reason="this kernel has kprobes")
def test_own_events_without_kprobes() -> None:
    """A function cannot be hooked here, which the error says."""
    with pytest.raises(HostError, match="needs kprobes"):
        declared("events: [{name: x, at: vfs_unlink}]")


BAD_FILES = {
    b"": "expected one key, events, with a list",
    b"events: 5": "expected one key, events, with a list",
    b"events: []\nmore: 1": "expected one key, events, with a list",
    b"events: [": "line 1: expected the node content",
    b"\xff": "can't decode byte",
    b"a: &a [1]\nb: *a": "line 2: aliases are not taken",
    b"a: 1\na: 2": "line 2: the key 'a' is there twice",
    b"1: 2": "line 1: the key 1 is no string",
    b"a: !!python/object/apply:os.system [x]": "line 1: could not determine a constructor",
    b"[" * 100: "more than 32 levels",
    b"- a\n---\n- b": "line 2: but found another document",
    b"x" * (1 << 21): "more than 1 MiB",
}


@pytest.mark.parametrize(("data", "message"), BAD_FILES.items())
def test_own_events_file_errors(tmp_path: Path, data: bytes, message: str) -> None:
    """A file that is no list of events is an error in one line that names it."""
    path = tmp_path / "events.yaml"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(UsageError) as error:
        read_file(str(path))
    assert str(error.value).startswith(f"--events {path}: ")
    assert message in str(error.value)
    assert str(error.value).isprintable()


def test_own_events_file_of_others(tmp_path: Path) -> None:
    """A file that others can write is refused."""
    path = tmp_path / "events.yaml"
    path.write_text(GOOD)
    path.chmod(0o666)
    with pytest.raises(UsageError, match="--events"):
        read_file(str(path))


WORDS = [
    *("name", "hook", "at", "sets", "arguments", "from", "type", "as", "if", "events", "mask"),
    *("tracepoint", "kprobe", "uprobe", "usdt", "uretprobe", "sched:sched_wakeup", "comm", "pid"),
    *("task:task_rename", "newcomm", "user_string", "number", "u64", "size_t", "arg0", MALLOC),
    *("x", "mine", "openat", "&a", "*a", "!!str", "|", ">", "[", "]", "{", "}", ":", ",", "-", "#"),
    *("\n  ", "\n", "'", '"', "\t", "~", "1e5", "0x1", "2026-11-30", "\0", "\ud800", "é", "\x1b["),
]


def mutated(random: Random) -> str:
    """The good file with parts removed, doubled, replaced by words."""
    text = GOOD
    for _ in range(random.randint(1, 6)):
        start, end = sorted(random.choices(range(len(text) + 1), k=2))
        end = min(end, start + random.choice((0, 1, 5, 40)))
        part = random.choice(("", text[start:end] * 2, random.choice(WORDS), random.choice(WORDS)))
        text = text[:start] + part + text[end:]
    return text


def generated(random: Random) -> str:
    """A file whose rows have random keys with random values."""

    def value(depth: int) -> Any:
        kind = random.random()
        if depth and kind < 0.2:
            return [value(depth - 1) for _ in range(random.randrange(3))]
        if depth and kind < 0.4:
            return {random.choice(WORDS): value(depth - 1) for _ in range(random.randrange(4))}
        return random.choice((random.choice(WORDS), random.randrange(-2, 9), None, True, 1.5))

    rows = [
        {"name": random.choice("xyz"), "hook": "tracepoint", "at": "task:task_rename"}
        | {random.choice(WORDS[:11]): value(3) for _ in range(random.randrange(3))}
        for _ in range(random.randrange(1, 3))
    ]
    return json.dumps({"events": rows})


def texts(random: Random) -> Iterator[str]:
    for _ in range(EXAMPLES):
        yield random.choice((mutated, mutated, generated))(random)


def test_own_events_fuzz() -> None:
    """Random files give events that the schema allows, or an error in one line."""
    answers = [answer(text) for text in texts(Random(20))]
    assert all(visible(message) == message for message in answers)
    assert answers.count("") > EXAMPLES // 50


def answer(text: str) -> str:
    """Return the error that a file gives; empty if it gives events."""
    try:
        data = parse_yaml(text.encode(errors="surrogatepass"))
        rows = data["events"] if isinstance(data, dict) and [*data] == ["events"] else None
        if not isinstance(rows, list):
            return "no list"
        own_events(rows, all_events(), iter(DYNAMIC_IDS))
    except YamlError as error:
        return visible(str(error))
    except (UsageError, HostError) as error:
        return str(error)
    except Exception as error:
        raise AssertionError(text) from error
    SCHEMA.validate(data)
    return ""
