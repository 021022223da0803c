# SPDX-License-Identifier: Apache-2.0
"""Filters on event fields in the kernel: filtered events do not reach user space.

User space filters again, so an error here is seen in the counts, or as a missing event.
"""

from __future__ import annotations

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import MISSING, Traced, arguments, python, trace

LONG = "/" + "x" * 250
"""The longest exact path that the BPF program compares."""

OPENS = f"""
import ctypes
libc = ctypes.CDLL(None)
for path in ("/etc/hostname", "/etc/host", "/etc/hosts", "/e", "/", "", {LONG!r}, {LONG + "y"!r}):
    libc.syscall(257, -100, path.encode(), 0, 0)
libc.syscall(257, -100, b"/" + 5000 * b"z", 0, 0)
libc.syscall(257, -100, None, 0, 0)
libc.syscall(257, -100, ctypes.c_void_p(1), 0, 0)
for fd in (-1, -2): libc.close(fd)
"""
PATHS = ("/etc/hostname", "/etc/host", "/etc/hosts", "/e", "/", "", LONG, LONG + "y", None)


def traced(kernel: Kernel, *flags: str, command: list[str] | None = None) -> Traced:
    options = " ".join(f"-f {flag}" for flag in ("event=openat", *flags))
    result = trace(kernel, f"{options} -o json", command or python(OPENS))
    assert result.status == 0, result.stderr
    assert result.account.balances()
    assert len(result.events) == result.account.delivered
    return result


def paths(result: Traced) -> list[tuple[str, int]]:
    """Return path and mask of the calls of OPENS, without those of the interpreter's start."""
    calls = [(arguments(event)["pathname"], event["matchedScopes"]) for event in result.events]
    return [(path, mask) for path, mask in calls if path in PATHS or path.startswith("/zz")]


@pytest.mark.host_only
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("openat.args.pathname=/etc/host", ["/etc/host"]),
        ("openat.args.pathname=/etc/host*", ["/etc/hostname", "/etc/host", "/etc/hosts"]),
        ("openat.args.pathname=/,/e", ["/e", "/"]),
        ("openat.args.pathname=/x*", [LONG, LONG + "y"]),
        (f"openat.args.pathname={LONG}", [LONG]),
        ("openat.args.pathname=/zzz*", ["/" + 4094 * "z" + "..."]),
        (
            "openat.args.pathname=/etc/h* openat.args.pathname!=/etc/hosts,/etc/hostn*",
            ["/etc/host"],
        ),
        ("openat.retval=-36", ["/" + 4094 * "z" + "..."]),
        ("openat.retval<=-14 openat.retval>-36", [None, None]),
    ],
)
def test_kernel_fields_decided(kernel: Kernel, flags: str, expected: list[str | None]) -> None:
    """The kernel decides these filters completely."""
    result = traced(kernel, *flags.split())
    assert [(path, 1) for path in expected] == paths(result)
    assert result.account.withheld == 0
    assert result.account.filtered > 8


@pytest.mark.host_only
def test_kernel_fields_unread_path(kernel: Kernel) -> None:
    """A ``!=`` filter does not match a path that could not be read."""
    result = traced(kernel, "openat.args.pathname!=/etc/*", "openat.retval=-14")
    assert (paths(result), result.account.withheld) == ([], 0)


@pytest.mark.host_only
def test_kernel_fields_rest_in_user_space(kernel: Kernel) -> None:
    """Filters that the kernel cannot decide are left to user space, scope by scope."""
    result = traced(
        kernel,
        "1:openat.args.pathname=/etc/hosts",
        "2:event=openat",
        "2:openat.args.pathname=*/hostname,/etc/host",
        "3:event=openat",
        f"3:openat.args.pathname={LONG}y",
        "4:event=openat",
        "4:openat.args.pathname!=/e*,*/,*x,*y,*.so*,*z...",
        "4:openat.retval=-2,-22",
    )
    assert paths(result) == [
        ("/etc/hostname", 0b0010),
        ("/etc/host", 0b0010),
        ("/etc/hosts", 0b0001),
        ("", 0b1000),
        (LONG + "y", 0b0100),
    ]
    assert result.account.withheld > 0


def test_kernel_fields_64_scopes(kernel: Kernel) -> None:
    """64 scopes with prefixes of different lengths: the mask has those that match the path."""
    text = "/etc/hostname"
    scopes = [
        flag
        for number in range(2, 65)
        for flag in (
            f"{number}:event=openat",
            f"{number}:openat.args.pathname={text[: 1 + number % len(text)]}*",
        )
    ]
    result = traced(kernel, "openat.args.pathname=/nowhere", *scopes)
    expected = {
        path: sum(1 << n - 1 for n in range(2, 65) if path.startswith(text[: 1 + n % len(text)]))
        for path in ("/etc/hostname", "/etc/host", "/e", "/")
    }
    assert expected.items() <= dict(paths(result)).items()
    assert result.account.withheld == 0


def test_kernel_fields_negative_retval(kernel: Kernel) -> None:
    """Return values are compared as signed numbers."""
    flags = ["event=close", "close.retval<0", "2:event=close", "2:close.retval>=-9", "2:uid>=0"]
    result = traced(kernel, *flags)
    masks = {(e["returnValue"], e["matchedScopes"]) for e in result.events if "close" in str(e)}
    assert masks >= {(-9, 0b11), (0, 0b10)}


@pytest.mark.host_only
def test_kernel_fields_too_many_retvals(kernel: Kernel) -> None:
    """A scope with too many return values is decided in user space, the others in the kernel."""
    many = ",".join(str(number) for number in range(1000, 1200, 2))
    result = traced(kernel, f"openat.retval={many},-36", "2:event=openat", "2:openat.retval=-14")
    assert [mask for _, mask in paths(result)] == [1, 2, 2]
    assert result.account.withheld > 0


@pytest.mark.host_only
def test_kernel_fields_exec_path(kernel: Kernel) -> None:
    """The record of an execve is filtered, and counted, when its result is known."""
    command = ["sh", "-c", f"/bin/true; /bin/false; {MISSING}; :"]
    flags = ("event=execve", "execve.args.pathname=/bin/f*,/bin/n*", "openat.retval=-9999")
    result = traced(kernel, *flags, command=command)
    assert [arguments(event)["pathname"] for event in result.events] == ["/bin/false"]
    assert result.account.withheld == 0


@pytest.mark.host_only
def test_kernel_fields_two_strings(kernel: Kernel) -> None:
    """Filters on both string arguments of a syscall."""
    old, other = f"{MISSING}/a", f"{MISSING}_too"
    source = f"""
import os
for old, new in (({old!r}, "/b"), ({old!r}, "/c"), ({other!r}, "/b")):
    try: os.rename(old, new)
    except OSError: pass
"""
    flags = ("event=rename", f"rename.args.oldpath={MISSING}/*", "rename.args.newpath!=/c")
    result = traced(kernel, *flags, "openat.retval=-9999", command=python(source))
    calls = [arguments(event) for event in result.events]
    assert [(args["oldpath"], args["newpath"]) for args in calls] == [(old, "/b")]
    assert result.account.withheld == 0
