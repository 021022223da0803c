# SPDX-License-Identifier: Apache-2.0
"""``--check-host`` on each kernel, and on hosts that lack something."""

from __future__ import annotations

import json

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, run

UNSHARE = ("unshare", "--mount", "sh", "-c")
LACKING = {
    "btf": (*UNSHARE, 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "-"),
    "bcc": (*UNSHARE, 'mount -t tmpfs none /usr/lib/python3/dist-packages/bcc && exec "$@"', "-"),
    "pid namespace": ("unshare", "--pid", "--fork", "--mount-proc"),
    "user namespace": ("unshare", "--user", "--map-root-user"),
    "capabilities for tracing": ("setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"),
    "/proc": (*UNSHARE, 'mount -t tmpfs none /proc && exec "$@"', "-"),
}
"""What is missing -> a command that runs another without it."""


def check(kernel: Kernel, *without: str) -> tuple[int | None, dict[str, str]]:
    """Return the exit status, and the state of each requirement."""
    done = run(kernel, [*without, TRACEE_REF, "--check-host", "json"])
    assert not done.stderr
    requirements = json.loads(done.stdout)["requirements"]
    return done.status, {item["name"]: item["state"] for item in requirements}


@pytest.mark.oldest_and_newest
def test_check_host_works(kernel: Kernel) -> None:
    """Tracing works on the kernels of the tests."""
    status, states = check(kernel)
    assert (status, states["bpf programs"], states["bcc"]) == (0, "ok", "ok")
    assert "missing" not in states.values()


@pytest.mark.host_only
@pytest.mark.parametrize("name", LACKING)
def test_check_host_missing(kernel: Kernel, name: str) -> None:
    """What is missing is named, and a run ends with the same line."""
    status, states = check(kernel, *LACKING[name])
    assert (status, states[name]) == (1, "missing")
    done = run(kernel, [*LACKING[name], TRACEE_REF, "-f", "event=getppid", "--", "true"])
    assert (done.status, done.stdout, done.stderr.count("\n")) == (1, "", 1)
