# SPDX-License-Identifier: Apache-2.0
"""A run with every filter and every event fits into what the kernel allows its programs."""

from __future__ import annotations

import pytest

from tracee_ref.events.function_events import FUNCTIONS
from vmtests.lab.kernel import Kernel

LIMIT = 20_000
"""Instructions that the verifier goes through; kernels stop at a million."""

COMPILE_SECONDS = 300.0
"""In an emulated guest."""


def test_verifier_all_filters_and_events(kernel: Kernel) -> None:
    """The compiler ends the whole process where a program needs more than 512 bytes of stack."""
    programs = kernel.ask("programs.verified", seconds=COMPILE_SECONDS)["programs"]
    assert {"on_fork", "on_exec", "on_exit", "on_syscall_return"} < programs.keys()
    assert 0 < min(programs.values()) <= max(programs.values()) < LIMIT


def test_verifier_kernel_functions(kernel: Kernel) -> None:
    """The verifier takes programs for kprobes even where these cannot be attached."""
    answer = kernel.ask("programs.verified_functions", seconds=COMPILE_SECONDS)
    programs = {name: cost for name, cost in answer["programs"].items() if hooked(name)}
    assert len(programs) > 2 * len(FUNCTIONS)
    assert 0 < min(programs.values()) <= max(programs.values()) < LIMIT


@pytest.mark.host_only
def test_verifier_arm64(kernel: Kernel) -> None:
    """Compiled, and verified by this kernel; it was never run on an arm64 machine."""
    answer = kernel.ask("programs.verified_for_arm64", seconds=COMPILE_SECONDS)
    programs = answer["programs"]
    assert {"on_syscall_return", "on_fork", "report_cgroup_event", "match_hook"} < programs.keys()
    assert all(programs.values())


def hooked(program: str) -> bool:
    return program.startswith(("on_security_", "put_", "match_", "on_vfs_", "on_write_", "report_"))
