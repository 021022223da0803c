# SPDX-License-Identifier: Apache-2.0
"""Outputs that fail during a run: the others, and the command, go on to the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, run

pytestmark = pytest.mark.host_only  # outputs are the same on every kernel

TRACER = f"{TRACEE_REF} -f event=openat"
INCOMPLETE = 125
OPENS = 400
MANY_OPENS = f"i=0; while [ $i -lt {OPENS} ]; do i=$((i+1)); : </etc/hostname; done"
LOST = re.compile(r"output (.+): (\d+) of (\d+) lines lost")


def shell(kernel: Kernel, script: str) -> Traced:
    """Run a script of bash that ends with the tracer, and print its exit status."""
    return run(kernel, ["bash", "-c", f"{script}; echo status ${{PIPESTATUS[0]}}"])


def lost(result: Traced) -> dict[str, tuple[int, int]]:
    """Return the lost lines and all lines of the outputs that lost some; check the rest."""
    assert f"status {INCOMPLETE}" in result.lines, result.stderr
    assert result.account.balances()
    assert result.account.delivered >= OPENS
    found = {name: (int(lost), int(of)) for name, lost, of in LOST.findall(result.stderr)}
    assert {of for _, of in found.values()} == {result.account.delivered}
    for name in found:  # one line when it fails, one in the account
        assert result.stderr.count(f"output {name}: ") == 2, result.stderr
    return found


def test_output_closed_with_another(kernel: Kernel, tmp_path: Path) -> None:
    """An output whose reader closes it ends neither the other one nor the command."""
    other = tmp_path / "json"
    command = f"sh -c '{MANY_OPENS}; exit 4'"
    result = shell(kernel, f"{TRACER} -o table -o json:{other} -- {command} | head -n 1")
    assert lost(result).keys() == {"standard output"}
    assert "the command exited with 4" in result.stderr
    assert len(other.read_text().splitlines()) == result.account.delivered


def test_output_closed_alone(kernel: Kernel, tmp_path: Path) -> None:
    """When the only output is closed, tracing ends, and the command goes on to its end."""
    mark = tmp_path / "mark"
    command = f"sh -c '{MANY_OPENS}; sleep 1; echo done >{mark}; exit 4'"
    result = shell(kernel, f"{TRACER} -- {command} | head -n 1")
    assert f"status {INCOMPLETE}" in result.lines, result.stderr
    assert "the command exited with 4" in result.stderr
    assert result.account.balances()
    assert mark.read_text() == "done\n"


def test_output_closed_without_command(kernel: Kernel) -> None:
    """When the only output is closed, a run without a command ends."""
    opener = f"while :; do {MANY_OPENS}; done"
    script = f"sh -c '{opener}' & {TRACER} -f tree=$! | head -n 1; echo ${{PIPESTATUS[0]}}; kill $!"
    result = run(kernel, ["bash", "-c", script])
    assert str(INCOMPLETE) in result.lines, result.stderr
    assert result.account.balances()


@pytest.mark.parametrize("freed", [True, False])
def test_output_disk_full(kernel: Kernel, tmp_path: Path, *, freed: bool) -> None:
    """An output on a full disk has whole lines, and goes on when there is room again."""
    disk, other = tmp_path / "disk", tmp_path / "other"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=2m none {disk}; head -c 2064384 /dev/zero >{disk}/zeros"
    free = f"rm {disk}/zeros; sleep 1" if freed else ":"
    command = f"sh -c '{MANY_OPENS}; sleep 0.5; {free}; : </etc/hostname'"
    tracer = f"{TRACER} -o json:{disk}/json -o json:{other} -- {command}"
    script = f"{mount}; {tracer}; echo status $?; cp {disk}/json {tmp_path}/json"
    result = run(kernel, ["unshare", "-m", "bash", "-c", script])
    lines, all_lines = (tmp_path / "json").read_bytes(), other.read_bytes().splitlines()
    assert lines.endswith(b"\n")
    assert "no space left" in result.stderr
    if freed:
        assert "status 0" in result.lines
        assert lines.splitlines() == all_lines
    else:
        ((missing, total),) = lost(result).values()
        assert lines.splitlines() == all_lines[: total - missing]


def test_output_not_read(kernel: Kernel, tmp_path: Path) -> None:
    """A reader that does not read costs a few seconds at the end, and its own lines."""
    fifo, other = tmp_path / "fifo", tmp_path / "other"
    command = f"sh -c '{MANY_OPENS}'"
    tracer = f"timeout 30 {TRACER} -o json:fifo:{fifo} -o json:{other} -- {command}"
    result = shell(
        kernel, f"mkfifo {fifo}; sleep 60 <>{fifo} >&- 2>&- & {tracer}; kill $!; (exit 125)"
    )
    assert lost(result).keys() == {f"fifo:{fifo}"}
    assert len(other.read_text().splitlines()) == result.account.delivered


def test_output_file_size_limit(kernel: Kernel, tmp_path: Path) -> None:
    """At the limit of the file size an output ends with a whole line."""
    path = tmp_path / "json"
    script = f"ulimit -f 20; {TRACER} -o json:{path} -o json:/dev/null -- sh -c '{MANY_OPENS}'"
    result = shell(kernel, script)
    ((missing, total),) = lost(result).values()
    lines = path.read_bytes()
    assert lines.endswith(b"\n")
    assert lines.count(b"\n") == total - missing > 0
