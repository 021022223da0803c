# SPDX-License-Identifier: Apache-2.0
"""Events at kernel functions that the user names."""

from __future__ import annotations

import json
from errno import EISDIR
from pathlib import Path
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TEMPORARY, Traced, arguments, python, trace

UNLINK, UNLINKED = "kprobe:vfs_unlink", "kretprobe:vfs_unlink"
OPEN, WAKE = "kprobe:do_filp_open", "kprobe:wake_up_new_task"
READ, NANOSLEEP = "kprobe:vfs_read", "kprobe:hrtimer_nanosleep"

FILES = f"/var{TEMPORARY}"
"""Prefix of files: guests have an overlay at /tmp, which unlinks in the layer below, too."""

SOURCE = f"""
import os, time
for name in ("victim", "other"):
    os.close(os.open("{FILES}-" + name, os.O_CREAT | os.O_WRONLY))
    os.unlink("{FILES}-" + name)
os.mkdir("{FILES}-directory")
try:
    os.unlink("{FILES}-directory")
except OSError:
    pass
os.rmdir("{FILES}-directory")
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
with open("/proc/self/comm") as file:
    inode = os.fstat(file.fileno()).st_ino
    file.read()
time.sleep(0.001)
print(child, os.getpid(), flush=True)
"""
"""Creates and unlinks two files, fails to unlink a directory, forks, reads a file, and sleeps."""

FLAGS = (
    f"-f event={UNLINK},{UNLINKED},{WAKE},{NANOSLEEP}"
    f" -f 2:event={UNLINK} -f 2:{UNLINK}.args.dentry=*victim*"
    f" -f 3:event={UNLINKED} -f 3:{UNLINKED}.retval<0"
    f" -f 4:event=kprobe:vfs_rea* -f 4:{READ}.args.count>0 -f 4:{READ}.args.file=*/comm"
)

pytestmark = pytest.mark.guest_only


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    return trace(kernel, f"{FLAGS} -o json", python(SOURCE), cached=True)


def of(traced: Traced, name: str) -> list[dict[str, Any]]:
    return [event for event in traced.events if event["eventName"] == name]


@pytest.mark.oldest_and_newest
def test_kprobe_arguments(traced: Traced) -> None:
    """Arguments have the names of BTF, and a file, an entry or a task is what people expect."""
    names = [f"{Path(FILES).name}-{name}" for name in ("victim", "other", "directory")]
    paths = [arguments(event)["dentry"] for event in of(traced, UNLINK)]
    assert [path.rpartition("/")[2] for path in paths] == names
    assert traced.status == 0, traced.stderr
    types = {argument["name"]: argument["type"] for argument in of(traced, UNLINK)[0]["args"]}
    assert types["dentry"] == "struct dentry*"
    assert types["dir"] == "struct inode*"
    line = next(line for line in traced.lines if line and line[0].isdigit())
    child, pid = map(int, line.split())
    (woken,) = of(traced, WAKE)
    assert arguments(woken) == {"p": child, "p_comm": "python3"}
    assert (woken["hostProcessId"], woken["syscall"] in ("clone", "clone3", "fork")) == (pid, True)
    assert {event["syscall"] for event in of(traced, UNLINK)} == {"unlink"}


@pytest.mark.oldest_and_newest
def test_kprobe_filters(traced: Traced) -> None:
    """Filters decide as for every event: on strings, numbers and what a function returns."""
    assert [event["matchedScopes"] for event in of(traced, UNLINK)] == [3, 1, 1]
    read = [arguments(event) for event in of(traced, READ)]
    assert read
    assert {path.rpartition("/")[2] for path in (values["file"] for values in read)} == {"comm"}
    assert {event["matchedScopes"] for event in of(traced, READ)} == {8}
    assert traced.account.balances()


@pytest.mark.oldest_and_newest
def test_kretprobe_result(traced: Traced) -> None:
    """The return of a function has what it returns, with its sign."""
    results = [(e["returnValue"], e["matchedScopes"]) for e in of(traced, UNLINKED)]
    assert results == [(0, 1), (0, 1), (-EISDIR, 5)]


ERRORS = {
    "kprobe:vfs_unlnk": (2, "did you mean kprobe:vfs_unlink?"),
    "kprobe:nothing_of_that_name": (2, "this kernel has no such function, or the compiler"),
    "kprobe:get_kprobe": (1, "the kernel allows no kprobe in this function"),
    "kprobe:vfs_*": (0, ""),
    "kprobe:v*": (2, "more than 128 hooks - give names, or a longer prefix"),
    "kprobe:a b": (2, "expected kprobe:FUNCTION"),
}


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize(("name", "expected"), ERRORS.items())
def test_kprobe_errors(kernel: Kernel, name: str, expected: tuple[int, str]) -> None:
    """What the kernel does not have is an error in one line, with the nearest name."""
    kernel_flags = f"-f event={name.replace(' ', '%')} -o none"
    traced = trace(kernel, kernel_flags, ["/bin/true"])
    assert (traced.status, expected[1] in traced.stderr) == (expected[0], True), traced.stderr


@pytest.mark.oldest_and_newest
def test_kprobe_listed(kernel: Kernel) -> None:
    """--list shows the functions of a pattern, with their arguments."""
    listed = trace(kernel, "--list kprobe:vfs_*", []).stdout
    assert "kprobe:vfs_unlink" in listed
    assert "struct dentry* dentry" in listed
    event = json.loads(trace(kernel, "--list kretprobe:vfs_unlink --json", []).stdout)
    assert event[0]["hook"] == "kretprobe vfs_unlink"
