"""A run with every filter and every event fits into what the kernel allows its programs."""

from __future__ import annotations

import pytest

from vmtests.kernel import Kernel


@pytest.mark.host_only
def test_everything_at_once_is_accepted(kernel: Kernel) -> None:
    """The compiler ends the whole process where a program needs more than 512 bytes of stack."""
    programs = kernel.ask("programs.verified")["programs"]
    assert {"on_fork", "on_exec", "on_exit", "on_syscall_return"} < programs.keys()
    assert all(programs.values())
