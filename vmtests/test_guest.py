# SPDX-License-Identifier: Apache-2.0
"""End of a guest; only collected in runs with guests."""

from pathlib import Path

import pytest

from vmtests.lab import kernels, kvm
from vmtests.lab.agent_process import GuestLostError
from vmtests.lab.guest import Guest


def boot(series: str) -> Guest:
    kernel = kernels.get(series)
    return Guest(kernel, kvm=kvm.usable(kernel)).wait_until_up()


def group_members(group: int) -> list[str]:
    """Return the commands of the processes in a process group that are not zombies."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            command, _, rest = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _parent, pgrp = rest.split()[:3]
        if int(pgrp) == group and state != "Z":
            members.append(command.partition("(")[2])
    return members


def test_guest_panic_is_lost(guest_series: str) -> None:
    """A panic raises GuestLostError with the console, and ends all processes of the guest."""
    with boot(guest_series) as guest:
        assert any("qemu" in command for command in group_members(guest.pid))
        with pytest.raises(GuestLostError, match="Kernel panic") as caught:
            guest.ask("basic.run", {"argv": ["sh", "-c", "echo c >/proc/sysrq-trigger"]})
        assert str(guest.console) in str(caught.value)
        assert "Linux version" in guest.console.read_text(errors="replace")
    assert group_members(guest.pid) == []


def test_guest_close_ends_processes(guest_series: str) -> None:
    """A closed guest leaves no process."""
    with boot(guest_series) as guest:
        assert guest.ask("basic.ping", {"a": 1}) == {"a": 1}
    assert group_members(guest.pid) == []
