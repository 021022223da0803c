# SPDX-License-Identifier: Apache-2.0
"""Verifier limits: programs with every filter and every event load on each kernel."""

from __future__ import annotations

import pytest

from tracee_ref.events.function_events import FUNCTIONS
from vmtests.lab.kernel import Kernel

MAX_VERIFIED = 20_000
"""Our limit of verified instructions; that of the kernel is a million."""

HOOKED = ("on_", "put_", "match_", "begin_", "alert_", "report_", "return_", "end_")
"""Beginnings of the names of programs of events at hooks."""

COMPILE_SECONDS = 300.0
"""Timeout for an emulated guest."""


def test_verifier_all_filters_and_events(kernel: Kernel) -> None:
    """All filters and all events but those of kernel functions.

    The compiler aborts the process if a program needs more than 512 bytes of stack.
    """
    programs = kernel.ask("programs.verified", seconds=COMPILE_SECONDS)["programs"]
    assert {"on_fork", "on_exec", "on_exit", "on_syscall_return"} < programs.keys()
    assert {"on_packet_in", "on_packet_out"} < programs.keys()
    assert 0 < min(programs.values()) <= max(programs.values()) < MAX_VERIFIED


def test_verifier_kernel_functions(kernel: Kernel) -> None:
    """Events of kernel functions: kprobe programs can be loaded even without CONFIG_KPROBES."""
    answer = kernel.ask("programs.verified_functions", seconds=COMPILE_SECONDS)
    programs = {name: cost for name, cost in answer["programs"].items() if hooked(name)}
    assert len(programs) > 2 * len(FUNCTIONS)
    assert 0 < min(programs.values()) <= max(programs.values()) < MAX_VERIFIED


def test_verifier_conversions(kernel: Kernel) -> None:
    """Events with every conversion and source compile, and pass the verifier."""
    answer = kernel.ask("programs.verified_conversions", seconds=COMPILE_SECONDS)
    programs = answer["programs"]
    assert {"put_first", "put_more", "end_more", "put_back", "return_hook"} < programs.keys()
    assert 0 < min(programs.values()) <= max(programs.values()) < MAX_VERIFIED


@pytest.mark.host_only
def test_verifier_arm64(kernel: Kernel) -> None:
    """Programs for arm64 compile and pass this kernel's verifier; they were never run there."""
    answer = kernel.ask("programs.verified_for_arm64", seconds=COMPILE_SECONDS)
    programs = answer["programs"]
    shared = {"match_raw", "match_hook"}
    assert {"on_syscall_return", "on_fork", "report_cgroup_mkdir", *shared} < programs.keys()
    assert all(programs.values())


def hooked(program: str) -> bool:
    return program.startswith(HOOKED)
