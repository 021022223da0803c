# SPDX-License-Identifier: Apache-2.0
"""Rule 19: arguments in memory are what a syscall was given; changes are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from vmtests.caller.build import SOURCES
from vmtests.lab.compiled import compiled
from vmtests.lab.features import skip_unless
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TEMPORARY, Traced, arguments, run, trace

SOURCE = SOURCES / "given.c"
COMPILE = ("gcc", "-static", "-O1", "-pthread", "-fno-pie", "-no-pie", "-w", str(SOURCE))

EVENTS = (
    "readlink,readlinkat,stat,newfstatat,statfs,statx,getxattr,openat,connect,access,execve,bind"
)
NO_USERFAULTFD = 77

KEPT = 1024
"""Syscalls in progress whose arguments are kept (tracee_ref/kernel/plan.py)."""


@cache
def program() -> str:
    """Return the path of the program that changes its arguments."""
    return str(compiled("given", COMPILE, SOURCE.read_bytes()))


@pytest.fixture
def directory(kernel: Kernel) -> Iterator[str]:
    path = f"{TEMPORARY}-given"
    run(kernel, ["mkdir", path])
    yield path
    run(kernel, ["rm", "-r", path])


def given(kernel: Kernel, mode: str, *flags: str, events: str = EVENTS, more: str = "") -> Traced:
    """Trace the program in a mode; its own directory is an argument."""
    options = f"{more}-f event={events} -f comm=given -o json {' '.join(flags)}"
    traced = trace(kernel, options, [program(), *mode.format(f"{TEMPORARY}-given").split()])
    assert traced.account.balances()
    return traced


def calls(traced: Traced) -> list[tuple[str, Any, list[str]]]:
    """Return name, first argument in memory and changed arguments of each event."""
    return [
        (
            event["eventName"],
            next(value for value in arguments(event).values() if isinstance(value, str)),
            event.get("argsChanged", []),
        )
        for event in traced.events
    ]


@pytest.mark.usefixtures("directory")
def test_given_overlap(kernel: Kernel) -> None:
    """The result of a syscall overwrites its own argument."""
    traced = given(kernel, "overlap {}")
    link = f"{TEMPORARY}-given/link"
    assert calls(traced) == [
        ("readlink", link, ["pathname"]),
        ("readlinkat", link, ["pathname"]),
        ("stat", "/etc/shadow", ["pathname"]),
        ("newfstatat", "/etc/shadow", ["pathname"]),
        ("statfs", "/etc/shadow", ["path"]),
        ("statx", "/etc/shadow", ["pathname"]),
    ]
    after = [event["argsAtReturn"] for event in traced.events if "argsChanged" in event]
    assert after[0] == [
        {"name": "pathname", "type": "const char*", "value": "/innocent" + link[9:]}
    ]


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_two_strings(kernel: Kernel) -> None:
    """Of two arguments both change, or one, or none; filters hold for either value."""
    # Scopes 2 to 5 are decided in the kernel, 6 and 7 in user space.
    flags = [f"-f {n}:event=getxattr -f {n}:comm=given" for n in range(2, 8)]
    for number, filter_ in (
        (2, "=trusted.given"), (3, "!=trusted.given"), (4, "=v*"), (5, "!=v*"),
        (6, "=*vv"), (7, "!=*vv"),
    ):  # fmt: skip
        flags.append(f"-f {number}:getxattr.args.name{filter_}")
    traced = given(kernel, "two {}", *flags, events="getxattr")
    file = f"{TEMPORARY}-given/file"
    found = [
        (arguments(e)["path"], arguments(e)["name"], e.get("argsChanged"), e["matchedScopes"])
        for e in traced.events
    ]
    both = 0b0101011
    assert found == [
        (file, "trusted.given", ["path", "name"], both),
        (file, "trusted.given", ["name"], both),
        (file, "trusted.given", None, 0b1010011),
    ]


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_long_string(kernel: Kernel) -> None:
    """The end of a path of 3000 bytes changes, and does not if the buffer is another."""
    (first, *_), (second, *_) = (
        [event.get("argsChanged"), arguments(event)["pathname"]]
        for event in given(kernel, "longest {}", events="readlink").events
    )
    assert (first, second) == (["pathname"], None)


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(("mode", "changed"), [("rewrite", ["pathname"]), ("unmap", [])])
def test_given_blocked(kernel: Kernel, mode: str, changed: list[str]) -> None:
    """Another thread rewrites or unmaps the path while a FIFO is opened.

    Memory that is not there at the return is no change: its page may have been reclaimed.
    """
    fifo = f"{TEMPORARY}-given/fifo"
    flags = [
        f"-f 2:event=openat -f 2:comm=given -f 2:openat.args.pathname={fifo}",
        "-f 3:event=openat -f 3:comm=given -f 3:openat.args.pathname=/tmp/innocent",
    ]
    traced = given(kernel, f"{mode} {{}}", *flags, events="openat")
    (blocked,) = [e for e in traced.events if arguments(e)["flags"] == 0]
    assert arguments(blocked)["pathname"] == fifo
    assert blocked.get("argsChanged", []) == changed
    assert blocked["matchedScopes"] == (0b111 if changed else 0b11)


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_structure(kernel: Kernel) -> None:
    """Another thread rewrites a structure while openat2() waits; both values are there."""
    flags = [
        f"-f {n}:event=openat2 -f {n}:comm=given -f {n}:openat2.args.how{filter_}"
        for n, filter_ in (
            (2, "=*RESOLVE_NO_MAGICLINKS*"), (3, "=*RESOLVE_BENEATH*"), (4, "!=*resolve:8*"),
            (5, "=*resolve:2*"),
        )
    ]  # fmt: skip
    rewritten, short = given(kernel, "how {}", *flags, events="openat2").events
    assert arguments(rewritten)["how"] == {"flags": 0, "mode": 0, "resolve": 2}
    assert rewritten["argsChanged"] == ["how"]
    (later,) = rewritten["argsAtReturn"]
    assert (later["type"], later["value"]["resolve"]) == ("struct open_how*", 8)
    assert rewritten["matchedScopes"] == 0b10111
    assert (short["returnValue"], arguments(short)["how"]) == (-22, {"flags": 0})
    assert "argsChanged" not in short


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_address(kernel: Kernel) -> None:
    """Another thread rewrites the address that a connect() waits for."""
    traced = given(kernel, "connect {}", events="connect")
    first, second = traced.events
    path = f"{TEMPORARY}-given/socket"
    assert [arguments(e)["addr"]["sun_path"] for e in (first, second)] == [path, path]
    assert "argsChanged" not in first
    assert second["argsChanged"] == ["addr"]
    assert second["argsAtReturn"][0]["value"]["sun_path"] == "/innocent"


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_interrupted(kernel: Kernel) -> None:
    """A handler makes a syscall while another one is interrupted, which then begins again."""
    fifo = f"{TEMPORARY}-given/fifo"
    found = calls(given(kernel, "interrupted {}", events="openat,access"))
    assert sorted(found) == [("access", "/handler", []), *[("openat", fifo, [])] * 3]


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_not_in_memory(kernel: Kernel) -> None:
    """A path whose page is not in memory at the entry is read at the return."""
    found = calls(given(kernel, "absent {}", events="openat"))
    assert found[-1] == ("openat", "/absent", [])


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_failed_exec(kernel: Kernel) -> None:
    """An argument of an exec changes before it fails."""
    traced = given(kernel, "exec {}", events="execve")
    skip_unless(kernel, "userfaultfd", present=traced.status != NO_USERFAULTFD)
    (failed,) = [e for e in traced.events if e["returnValue"] < 0]
    args = arguments(failed)
    assert (args["pathname"], args["argv"]) == (
        f"{TEMPORARY}-given/program",
        ["first", "second"],
    )
    assert (failed["argsChanged"], args["envp"]) == (["argv"], None)
    assert failed["argsAtReturn"][0]["value"] == ["first", "innocent"]


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_32_bit(kernel: Kernel) -> None:
    """Arguments of 32-bit syscalls are those of their entry, too."""
    traced = given(kernel, "compat {}", events="readlink")
    skip_unless(kernel, "ia32", present=traced.status == 0)
    assert calls(traced)[-1] == ("readlink", f"{TEMPORARY}-given/link", ["pathname"])
    assert traced.events[-1]["contextFlags"]["isCompat"]


@pytest.mark.usefixtures("directory")
def test_given_native_hooks(kernel: Kernel) -> None:
    """Hooks of single syscalls read arguments at the entry, too."""
    found = calls(given(kernel, "overlap {}", events="readlink,stat", more="--no-compat "))
    assert [changed for _, _, changed in found] == [["pathname"], ["pathname"]]
    assert found[1][1] == "/etc/shadow"


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_at_return(kernel: Kernel) -> None:
    """With --arguments return they are what the memory holds then, and unmarked."""
    found = calls(given(kernel, "overlap {}", events="readlink", more="--arguments return "))
    assert found == [("readlink", f"/innocent{f'{TEMPORARY}-given/link'[9:]}", [])]


@pytest.mark.oldest_and_newest
@pytest.mark.usefixtures("directory")
def test_given_table(kernel: Kernel) -> None:
    """A table marks the argument."""
    command = [program(), "overlap", f"{TEMPORARY}-given"]
    traced = trace(kernel, "-f event=stat -f comm=given -o table", command)
    assert "pathname (changed): /etc/shadow, statbuf:" in traced.stdout


@pytest.mark.host_only
@pytest.mark.usefixtures("directory")
def test_given_killed(kernel: Kernel) -> None:
    """Processes that are killed in a syscall leave room for others."""
    traced = given(kernel, f"killed {{}} {KEPT + 76}", events="openat,stat")
    assert traced.events[-1]["argsChanged"] == ["pathname"]
    assert "too many" not in traced.stderr


@pytest.mark.host_only
@pytest.mark.usefixtures("directory")
def test_given_too_many(kernel: Kernel) -> None:
    """More syscalls in progress than there is room for are counted, and read at their return."""
    traced = given(kernel, f"many {{}} {KEPT + 476}", events="openat,stat")
    found = re.search(r"(\d+) system calls: arguments in memory read only at", traced.stderr)
    assert found, traced.stderr
    assert 0 < int(found[1]) <= 477
