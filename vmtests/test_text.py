# SPDX-License-Identifier: Apache-2.0
"""Names that processes choose to deceive, in every string and output (rule 20)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.strings import bytes_of, is_visible, text_of, width_of
from vmtests.runs.tracing import TRACEE_REF, python

pytestmark = [
    pytest.mark.host_only,  # decoding and printing are the same on every kernel
    pytest.mark.usefixtures("kernel"),
]

HOSTILE = (
    b"e\x1b[31mred\x1b]0;pwned\x07", b"a\nFAKE 00:00:00 root 0 1 1 0 execve evil", b"t\tb", b"c\rX",
    b"inv\xff\xfe\x80", b"c1\x9b31mX\x9d0;t\x9c", "c1u\u009b31m\u0085nel".encode(), b"del\x7f",
    "gpj.\u202egnp\u2066x\u2069\u200e\u200f".encode(), "alm\u061cx".encode(),
    "zw\u200b\u200c\u200d\ufeff\u2060x".encode(), "ls\u2028ps\u2029".encode(),
    "r\ufffdr".encode(), rb"lit\nX", "tag\U000e0041\U000e0042".encode(), b"sur\xed\xa0\x80",
    b"ov\xc0\x9b[31m", b"x, flags: O_WRONLY|O_CREAT, mode: 0", b"q\"x'y\\z", b"<script>&",
    "fe\ufffdff".encode(), b"\\xff", "nb\u00a0\u3000sp".encode(), "\u0301z".encode(),
    "vs\ufe0f\u034f\u3164".encode(), "\ue000\u0378".encode(), "\u05d0 1 1".encode(), b"<nil>",
    b"L" * 99,
)  # fmt: skip
SETUP = f"""
import ctypes, os, shutil
libc = ctypes.CDLL(None, use_errno=True)
names = {HOSTILE!r}
directory = os.fsencode(os.environ["DIRECTORY"])
def paths(prefix=b""):
    return [os.path.join(directory, prefix + name[:250]) for name in names]
"""
WORKLOADS = {
    "path": "for path in paths(): os.close(os.open(path, os.O_CREAT, 0o600))",
    "comm": """
for name in names:
    libc.prctl(15, ctypes.c_char_p(name[:15]), 0, 0, 0)
    os.close(os.open("/etc/hostname", os.O_RDONLY))
""",
    "argv": """
for name in names:
    if not os.fork(): os.execve("/bin/true", [b"true", name, b""], {b"V": name})
    os.wait()
""",
    "program": """
for path, name in zip(paths(b"copy"), names):
    shutil.copy("/bin/true", path)
    if not os.fork(): os.execve(path, [name], {})
    os.wait()
""",
    "host": """
libc.unshare(0x04000000)
for name in names:
    libc.sethostname(ctypes.c_char_p(name[:15]), len(name[:15]))
    os.close(os.open("/etc/hostname", os.O_RDONLY))
""",
}
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*?(?:"|\.{3} )')  # a cell that was cut ends in ...
OPTIONS = ("-f", "event=openat,execve,sched_process_exec", "-o", "option:exec-env")


def traced(source: str, tmp_path: Path, *options: str, **environment: str) -> dict[str, list[str]]:
    """Trace code; return the lines of each output, which must be visible characters."""
    files = {name: tmp_path / f"out.{name}" for name in ("json", "table", "table-verbose")}
    outputs = [word for name, file in files.items() for word in ("-o", f"{name}:{file}")]
    directory = tmp_path / "names"
    directory.mkdir()
    command = [TRACEE_REF, *OPTIONS, *outputs, *options, "--", *python(SETUP + source)]
    ran = subprocess.run(
        command, env={**os.environ, "DIRECTORY": str(directory), **environment}, check=True,
        capture_output=True,
    )  # fmt: skip
    lines = {name: file.read_bytes().decode().split("\n")[:-1] for name, file in files.items()}
    for line in chain(ran.stderr.decode().split("\n"), *lines.values()):
        assert all(map(is_visible, line)), line
    return lines


def strings_in(value: Any) -> Iterator[str]:
    """Yield all strings in JSON data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings_in(item)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_text_hostile_names(workload: str, tmp_path: Path) -> None:
    """JSON has every byte, tables have no invisible character and keep their columns."""
    lines = traced(WORKLOADS[workload], tmp_path)
    events = [json.loads(line) for line in lines["json"]]
    found = {bytes_of(text) for event in events for text in strings_in(event)}
    cut = 15 if workload in ("comm", "host") else 250 if workload == "program" else 255
    for name in HOSTILE:
        assert any(text.endswith(name[:cut]) for text in found), name
    header, *rows = lines["table"]
    assert len(rows) == len(lines["table-verbose"]) - 1 == len(events)
    for row, event in zip(rows, events, strict=True):
        assert from_column(row, header.index("PID")).startswith(f"{event['processId']} ")
        assert from_column(row, header.index("EVENT")).startswith(event["eventName"])
        unquoted = QUOTED.sub("", row)
        assert unquoted.count(", flags: ") == (event["eventName"] == "openat")


def from_column(row: str, column: int) -> str:
    """Return a row from a column of the terminal on."""
    return next(row[at:] for at in range(len(row)) if width_of(row[:at]) == column)


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_text_filters_any_locale(locale: dict[str, str], tmp_path: Path) -> None:
    """A filter takes bytes, and what the output has for them, in every locale."""
    names = [b"inv\xff\xfe\x80", "r\ufffdr".encode(), rb"lit\nX", "fe\ufffdff".encode()]
    raw = [os.fsdecode(b"comm=" + names[0]), f"comm={text_of(names[1])}", r"comm=lit\nX"]
    flags = [word for flag in [*raw, f"comm={text_of(names[3])}"] for word in ("-f", flag)]
    lines = traced(WORKLOADS["comm"], tmp_path, *flags, **locale)
    events = [json.loads(line) for line in lines["json"]]
    assert [bytes_of(event["processName"]) for event in events] == names


def test_text_field_filter(tmp_path: Path) -> None:
    """A filter on an argument takes what JSON has, in the kernel and in user space."""
    name = b"inv\xff\xfe\x80"
    paths = (f"{tmp_path}/names/{text_of(name)}", f"*{text_of(name)}")
    flags = [f"{scope}:openat.args.pathname={path}" for scope, path in enumerate(paths, start=1)]
    options = [word for flag in [*flags, "2:event=openat"] for word in ("-f", flag)]
    events = [json.loads(line) for line in traced(WORKLOADS["path"], tmp_path, *options)["json"]]
    opened = [event for event in events if event["eventName"] == "openat"]
    assert [event["matchedScopes"] for event in opened] == [0b11]
    assert bytes_of(opened[0]["args"][1]["value"]).endswith(name)
