# SPDX-License-Identifier: Apache-2.0
"""The runs of docs/guide/any-function.md, and own events at all kinds of hooks."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from vmtests.lab.cache import cache_directory
from vmtests.lab.kernel import Kernel
from vmtests.probes.build import target_program
from vmtests.runs.tracing import TEMPORARY, Traced, arguments, python, trace

PAGE = (Path(__file__).parents[1] / "docs/guide/any-function.md").read_text(encoding="utf-8")
TARGET = target_program()

USER = f"""
events:
  - {{name: greeted, hook: uprobe, at: "{TARGET}:greet", sets: [mine], arguments: [
      {{name: who, from: arg0, as: user_string}}, {{name: address, from: arg1, type: "void*"}}]}}
  - {{name: summed, hook: uprobe, at: "{TARGET}:sum", arguments: [
      {{name: a, from: arg0, type: int}}, {{name: c, from: arg2, type: u16}}]}}
  - {{name: passed, hook: usdt, at: "{TARGET}:target:passed", arguments: [
      {{name: number, from: arg0}}, {{name: text, from: arg1, as: user_string}}]}}
"""
KERNEL = """
events:
  - name: unlinked
    at: vfs_unlink
    sets: [mine]
    arguments:
      - {name: path, from: dentry, as: entry_path}
      - {name: inode, type: unsigned long, from: dentry.d_inode.i_ino}
  - {name: unlink_result, hook: kretprobe, at: vfs_unlink}
"""
UNLINKED = f"""
import os
os.close(os.open("/var{TEMPORARY}-own", os.O_CREAT | os.O_WRONLY))
print(os.stat("/var{TEMPORARY}-own").st_ino, flush=True)
os.unlink("/var{TEMPORARY}-own")
"""


def traced_with(kernel: Kernel, text: str, flags: str, command: list[str]) -> Traced:
    """Trace a command with a file of events, which guests see in the cache directory, too."""
    path = cache_directory() / f"events-{uuid4().hex}.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    try:
        return trace(kernel, f"--events {path} {flags}", command)
    finally:
        path.unlink()


@pytest.mark.oldest_and_newest
def test_own_events_page(kernel: Kernel) -> None:
    """The page's own event, with the page's flags."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (line,) = re.findall(r"\$ tracee-ref --events mine.yaml (.*)", PAGE)
    flags, _, command = line.partition(" -- ")
    traced = traced_with(kernel, text, " ".join(shlex.split(flags)), command.split())
    (row,) = [line for line in traced.lines if "renamed" in line]
    assert row.endswith("new_name: cat"), traced.stderr


@pytest.mark.oldest_and_newest
def test_own_events_in_programs(kernel: Kernel) -> None:
    """Arguments at functions of programs have the types that the file gives them."""
    flags = "-f set=mine -f 2:event=summed,passed -f 3:set=mine -f 3:greeted.args.who=vic* -o json"
    events = traced_with(kernel, USER, flags, [str(TARGET)]).events
    found = {event["eventName"]: arguments(event) for event in events}
    assert found["greeted"]["who"] == "victim"
    assert found["passed"] == {"number": -77, "text": "static"}
    (greeted,) = [event for event in events if event["eventName"] == "greeted"]
    assert [argument["type"] for argument in greeted["args"]] == ["const char*", "void*"]
    assert greeted["matchedScopes"] == 0b101
    summed = [arguments(event) for event in events if event["eventName"] == "summed"]
    assert summed[2:] == [{"a": -2, "c": 65535}, {"a": 1, "c": 3}]


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_own_events_in_kernel(kernel: Kernel) -> None:
    """Arguments at a function of the kernel are declared as those of the catalogue."""
    flags = "-f set=mine -f 2:event=unlink_result -f 2:unlink_result.retval=0 -o json"
    traced = traced_with(kernel, KERNEL, flags, python(UNLINKED))
    inode = int(next(line for line in traced.lines if line.isdigit()))
    (unlinked,) = [arguments(e) for e in traced.events if e["eventName"] == "unlinked"]
    assert unlinked["path"].endswith("-own")
    assert unlinked["inode"] == inode
    assert [e["returnValue"] for e in traced.events if e["eventName"] == "unlink_result"] == [0]


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_page_kprobe(kernel: Kernel) -> None:
    """The first run of the page."""
    (line,) = re.findall(r"\$ tracee-ref (-f event=kprobe.*)", PAGE)
    flags, _, command = line.partition(" -- ")
    script = shlex.split(command)[-1].replace("victim", f"/var{TEMPORARY}-victim")
    traced = trace(kernel, " ".join(shlex.split(flags)), ["sh", "-c", script])
    (row,) = [line for line in traced.lines if "kprobe:vfs_unlink" in line]
    assert "-victim" in row


SIGNATURE = """
from tracee_ref.signatures import Signature

class CatSeen(Signature):
    event = "cat_seen"
    needs = ("renamed",)
    arguments = (("const char*", "who"),)

    def on_event(self, event, args):
        if args["new_name"] == "cat":
            yield {"who": args["new_name"]}
"""


@pytest.mark.host_only
def test_own_events_in_signatures(kernel: Kernel) -> None:
    """A signature can need an own event, which is traced but not printed."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    directory = cache_directory() / f"signatures-{uuid4().hex}"
    directory.mkdir(mode=0o700)
    try:
        (directory / "plugin.py").write_text(SIGNATURE)
        flags = f"--signatures {directory} -f event=cat_seen -o json"
        events = traced_with(kernel, text, flags, ["cat", "/etc/hostname"]).events
    finally:
        shutil.rmtree(directory)
    assert [(event["eventName"], arguments(event)) for event in events] == [
        ("cat_seen", {"who": "cat"})
    ]
