# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks of capabilities and of the causes of refusals."""

from __future__ import annotations

import errno
import os

import pytest

from tracee_ref.kernel.build.compiler import error_in
from tracee_ref.kernel.build.refusal import lockdown_mode, refused
from tracee_ref.kernel.capabilities import TRACING, Capability, effective, lacking
from tracee_ref.privileges import hides_processes

PROC = "24 1 0:22 / /proc rw,relatime - proc proc rw{}\n"


@pytest.mark.parametrize(
    ("mask", "capabilities"),
    [
        ("0000000000000000", set()),
        ("000000c000000000", {Capability.CAP_BPF, Capability.CAP_PERFMON}),
        ("0000000000200000",
         {Capability.CAP_SYS_ADMIN, Capability.CAP_BPF, Capability.CAP_PERFMON}),
        ("000001ffffffffff", set(Capability)),
    ],
)  # fmt: skip
def test_effective(mask: str, capabilities: set[Capability]) -> None:
    """CAP_SYS_ADMIN includes what was split off from it."""
    assert effective(f"Name:\tCapEff:\nCapEff:\t{mask}\nCapBnd:\t0\n") == capabilities


def test_lacking_names_all() -> None:
    """The message names each missing capability."""
    assert lacking(TRACING, []) == "CAP_BPF and CAP_PERFMON"
    assert lacking(TRACING, [Capability.CAP_BPF]) == "CAP_PERFMON"
    assert not lacking(TRACING, list(Capability))


@pytest.mark.parametrize(
    ("options", "hides"),
    [
        ("", False),
        (",hidepid=0", False),
        (",hidepid=off", False),
        (",hidepid=1", True),
        (",hidepid=invisible", True),
        (",hidepid=ptraceable", True),
        (f",gid={os.getegid()},hidepid=2", False),
        (f",gid={os.getegid() + 54321},hidepid=2", True),
    ],
)
def test_hides_processes(options: str, hides: bool) -> None:
    """The mount that was made last counts; its group sees all processes."""
    assert hides_processes(PROC.format(",hidepid=2") + PROC.format(options)) == hides


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("[none] integrity confidentiality\n", "none"),
        ("none [integrity] confidentiality\n", "integrity"),
        ("none integrity [confidentiality]\n", "confidentiality"),
        ("", "none"),
    ],
)
def test_lockdown_mode(text: str, mode: str) -> None:
    """The active mode is in brackets."""
    assert lockdown_mode(text) == mode


@pytest.mark.parametrize(
    "reason",
    [
        "unknown func bpf_probe_read_kernel#113",  # Linux 5.10
        "program of this type cannot use helper bpf_probe_read_kernel#113",  # Linux 7.2
    ],
)
def test_refused_by_lockdown(reason: str) -> None:
    """Lockdown is named where securityfs does not show it."""
    message = str(refused("on_fork", reason))
    assert message.endswith("boot with lockdown=integrity or lockdown=none")


def test_error_in_message() -> None:
    """BCC prints the errno as text."""
    assert error_in("could not open bpf map: x, error: Operation not permitted") == errno.EPERM
    assert error_in("something else") == 0
