# SPDX-License-Identifier: Apache-2.0
"""Filters and scopes on events of kernel functions."""

from __future__ import annotations

import os

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import arguments, python, trace

pytestmark = pytest.mark.guest_only


def test_security_file_open_kernel_filter(kernel: Kernel) -> None:
    """Paths are filtered in the kernel.  /proc is no overlayfs, whose layers are opened too."""
    exact = "-f event=security_file_open -f security_file_open.args.pathname=/proc/uptime -o json"
    command = ["cat", "/proc/uptime", "/proc/uptime_", "/proc/version", "/proc/uptime"]
    account = trace(kernel, exact, command).account
    assert (account.delivered, account.withheld) == (2, 0)
    assert account.seen > account.filtered > 0
    assert account.balances()
    flags = exact.replace("=/proc/uptime", "!=/proc/*").replace(".pathname", ".syscall_pathname")
    traced = trace(kernel, flags, command)
    assert traced.account.withheld == 0
    paths = {arguments(event)["pathname"] for event in traced.events}
    assert paths
    assert not any(path.startswith("/proc/") for path in paths)


def test_security_events_default_set(kernel: Kernel) -> None:
    """Some events of kernel functions are in the default set."""
    source = "import os, socket; os.mkfifo('/tmp/fifo'); os.unlink('/tmp/fifo'); socket.socket()"
    traced = trace(kernel, "-o json", python(source))
    names = {e["eventName"] for e in traced.events if e["eventName"].startswith("security_")}
    assert names == {"security_inode_unlink"}
    assert traced.account.balances()


def test_security_events_masks(kernel: Kernel) -> None:
    """Scopes match these events as they match others."""
    flags = (
        "-f 1:event=security_file_open -f 1:comm=cat "
        "-f 2:event=security_file_open -f 2:security_file_open.args.pathname=*/hostname "
        "-f 3:event=security_bprm_check,openat -f 3:comm!=cat "
        "-f 4:event=security_file_open -f 4:security_file_open.context.syscall=execve -o json"
    )
    traced = trace(kernel, flags, ["sh", "-c", "cat /etc/hostname; read x </etc/hostname"])
    assert traced.account.balances()
    files = {
        (e["processName"], arguments(e)["pathname"]): e["matchedScopes"]
        for e in traced.events
        if e["eventName"] == "security_file_open"
    }
    assert files["cat", "/etc/hostname"] == 0b0011
    assert files["sh", "/etc/hostname"] == 0b0010
    assert files["sh", os.path.realpath("/bin/cat")] == 0b1000
    assert {e["matchedScopes"] for e in traced.events if e["eventName"] == "openat"} == {0b0100}
