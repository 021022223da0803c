# SPDX-License-Identifier: Apache-2.0
"""Outputs of runs: files that others may have prepared, appended to, and shared."""

from __future__ import annotations

import json

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, run

pytestmark = pytest.mark.host_only

EVENT = "/usr/bin/python3 -ISc 'import os; os.getppid()'"
TRACER = f"{TRACEE_REF} -f event=getppid -f comm=python3"


def shell(kernel: Kernel, script: str) -> tuple[list[str], list[str]]:
    """Run a script in a new directory; return its output, and the messages of the tracer."""
    setup = "d=$(mktemp -d); cd $d; umask 022"
    result = run(kernel, ["sh", "-c", f"{setup}\n{script}\ncd /; rm -r $d"])
    messages = [line for line in result.stderr.splitlines() if "events: " not in line]
    return result.lines, [line for line in messages if line != "tracee-ref: tracing"]


def are_events(lines: list[str]) -> bool:
    return all(json.loads(line)["eventName"] == "getppid" for line in lines)


def test_output_truncated(kernel: Kernel) -> None:
    """After somebody truncates a file, lines go on at its beginning, without NUL bytes."""
    command = f"{EVENT}; sleep 0.2; truncate -s 0 o.json; {EVENT}"
    lines, _ = shell(kernel, f'{TRACER} -o json:o.json -- sh -c "{command}"; cat o.json')
    assert len(lines) == 1
    assert are_events(lines)


@pytest.mark.parametrize("path", ["", ":stdout", ":/dev/stdout", ":/dev/fd/1", ":keep.log"])
def test_output_appended(kernel: Kernel, path: str) -> None:
    """What was in a file before the run stays."""
    redirection = "" if "keep" in path else ">>keep.log"
    script = f"echo old >keep.log; {TRACER} -o json{path} -- {EVENT} {redirection}; cat keep.log"
    lines, _ = shell(kernel, script)
    assert lines[0] == "old"
    assert len(lines) == 2
    assert are_events(lines[1:])


def test_output_modes(kernel: Kernel) -> None:
    """New files are for the user, or have the mode that an option gives."""
    script = f"{TRACER} -o json:a -- {EVENT}; {TRACER} -o json:b -o option:mode=0640 -- {EVENT}"
    assert shell(kernel, f"{script}; stat -c %a a b")[0] == ["600", "640"]


def test_output_link(kernel: Kernel) -> None:
    """A link in a directory that others can write is not followed; one of ours is."""
    script = f"""mkdir tmp; chmod 1777 tmp; echo secret >s; chmod 600 s; ln -s $d/s tmp/o; ln -s s o
    {TRACER} -o json:tmp/o -- {EVENT}; echo $?; {TRACER} -o json:o -- {EVENT}; wc -l <s"""
    lines, (message,) = shell(kernel, script)
    assert lines == ["1", "2"]
    assert "cannot open output tmp/o: " in message
    assert "is a symbolic link in a directory that others can write" in message


def test_output_shared(kernel: Kernel) -> None:
    """One file is not two outputs, by whatever name; standard error can be one."""
    script = f"""touch a; ln a b
    for two in json:a,b json:a,./a json:a,$d/../$(basename $d)/a; do
    {TRACER} -o $two -- {EVENT}; echo $?; done
    {TRACER} -o json -o table:a -- {EVENT} >>a; echo $?
    {TRACER} -o json -o json:/dev/stderr -- {EVENT} 2>e; grep -c getppid e"""
    lines, messages = shell(kernel, script)
    assert [lines[0], *lines[1:4]] == ["1"] * 4
    assert are_events(lines[4:5])
    assert lines[5:] == ["1"]
    assert all("the same file for multiple outputs" in message for message in messages)
    assert len(messages) == 4


def test_output_fifo(kernel: Kernel) -> None:
    """A FIFO is an output if it is named as one."""
    script = f"""mkfifo p; {TRACER} -o json:p -- {EVENT}; echo $?
    cat p & {TRACER} -o json:fifo:p -- {EVENT}; wait"""
    lines, (message,) = shell(kernel, script)
    assert lines[0] == "1"
    assert are_events(lines[1:])
    assert len(lines) == 2
    assert "is a FIFO; if meant, write fifo:PATH" in message
