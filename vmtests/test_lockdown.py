# SPDX-License-Identifier: Apache-2.0
"""Runs under kernel lockdown, in guests of their own: it cannot be lifted."""

from __future__ import annotations

from vmtests.lab import kernels, kvm
from vmtests.lab.compile_server import compile_server
from vmtests.lab.guest import Guest
from vmtests.runs.tracing import TIMEOUT_SECONDS, Traced

TRACE = ("-f", "event=execve,security_file_open", "-o", "json", "--", "true")
REMEDY = "boot with lockdown=integrity or lockdown=none"
CAUSE = f"kernel lockdown forbids BPF programs to read kernel memory; {REMEDY}\n"


def run(guest: Guest, *argv: str) -> Traced:
    """Run the tracer."""
    request = {"argv": argv, "seconds": TIMEOUT_SECONDS}
    return Traced.from_reply(guest.ask("tracing.run", request, seconds=TIMEOUT_SECONDS + 10))


def shell(guest: Guest, script: str) -> None:
    assert guest.ask("basic.run", {"argv": ["sh", "-c", script]})["exit"] == 0


def test_lockdown(boundary_series: str) -> None:
    """Integrity changes nothing; confidentiality is named, also where securityfs is missing."""
    kernel = kernels.get(boundary_series)
    options = ["lockdown=integrity"]
    with (
        compile_server() as programs,
        Guest(kernel, kvm=kvm.usable(kernel), programs=programs, boot_options=options) as guest,
    ):
        guest.wait_until_up()
        names = {event["eventName"] for event in run(guest, *TRACE).events}
        assert names == {"execve", "security_file_open"}
        shell(guest, "echo confidentiality >/sys/kernel/security/lockdown")
        refused = run(guest, *TRACE)
        assert (refused.status, refused.stderr) == (1, f"tracee-ref: {CAUSE}")
        assert f"missing  lockdown: {CAUSE}" in run(guest, "--check-host").stdout

        shell(guest, "umount /sys/kernel/security")
        refused = run(guest, *TRACE)
        assert (refused.status, refused.stderr.count("\n")) == (1, 1)
        assert refused.stderr.endswith(f"): {CAUSE}")
        report = run(guest, "--check-host")
        assert report.status == 1
        assert "missing  bpf programs: a BPF program: refused by the kernel" in report.stdout
        assert REMEDY in report.stdout
