# SPDX-License-Identifier: Apache-2.0
"""Runs with few capabilities: the same answers, or refusals by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tracee_ref.kernel.build.cache import DIRECTORY
from vmtests.lab.compile_server import GUEST_DIRECTORY
from vmtests.lab.features import version
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, python, run, trace

NOBODY = "65534"
GETPPID = python("import os; os.getppid()")
READABLE = all(directory.stat().st_mode & 0o001 for directory in Path(sys.executable).parents)
"""Whether every user can run the tracer; a clone may be below the home of root."""

OPTIONS = ["-f", "event=getppid,sched_process_exec", "-o", "json"]
CACHE = "/var/tmp/tracee-ref-nobody"

ENOUGH = ["bpf", "perfmon", *([] if READABLE else ["dac_read_search"])]
MEMLOCK_UNTIL = (5, 11)
"""The first release without a limit of locked memory for BPF maps."""

SECCOMP = """
import ctypes, os, struct, sys
compare = (0x20, 0, 0, 0, 0x15, 0, 1, 321)  # the number with that of bpf()
code = struct.pack("HBBI" * 4, *compare, 6, 0, 0, {action}, 6, 0, 0, 0x7FFF0000)
program = ctypes.create_string_buffer(code)
filter_ = struct.pack("HxxxxxxQ", 4, ctypes.addressof(program))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, filter_, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a program with a seccomp filter that refuses bpf()."""

EPERM, ENOSYS = 0x00050001, 0x00050026
"""SECCOMP_RET_ERRNO with the errno."""

BEFORE = """
/bin/sleep 30 & sleeper=$!; echo $$
program=$(readlink -f /bin/sleep)
{tracer} -f event=sched_process_exit -f binary=$program -f tree=$$ -o json 2> {errors} &
for i in $(seq 1200); do grep -q tracing {errors} && break; kill -0 $! || break; sleep 0.1; done
kill $sleeper; sleep 0.3; kill $!; wait $!; status=$?
cat {errors} >&2; rm {errors}; exit $status
"""


def as_nobody(kernel: Kernel, capabilities: list[str], argv: list[str]) -> Traced:
    """Run a program as another user than root, with some capabilities only."""
    caps = ",".join(f"+{name}" for name in capabilities)
    some = [f"--{kind}-caps={caps}" for kind in ("inh", "ambient") if caps]
    user = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return run(kernel, [*user, *some, *argv])


def enough_for(kernel: Kernel) -> list[str]:
    """Return the capabilities that suffice to trace on a kernel."""
    return [*ENOUGH, "sys_resource"] if limits_memory(kernel) else ENOUGH


def limits_memory(kernel: Kernel) -> bool:
    return version(kernel.release) < MEMLOCK_UNTIL


def with_programs(kernel: Kernel) -> list[str]:
    """Return a command that runs another one with a cache of its user that has the program.

    A guest would compile it for a minute; the agent, as root, has it compiled on the host.
    """
    if kernel.name == "host":
        return []
    trace(kernel, " ".join(OPTIONS), GETPPID, cached=True)
    own = f"-o {NOBODY} -g {NOBODY}"
    copy = (
        f"install -m 700 {own} -d {CACHE}; install -m 600 {own} {GUEST_DIRECTORY}/*.program {CACHE}"
    )
    assert run(kernel, ["sh", "-ec", copy]).status == 0
    return ["env", f"{DIRECTORY}={CACHE}"]


def check_enough(kernel: Kernel) -> None:
    """Trace a COMMAND as another user than root."""
    argv = [*with_programs(kernel), TRACEE_REF, *OPTIONS, "--", *GETPPID]
    result = as_nobody(kernel, enough_for(kernel), argv)
    assert result.status == 0, result.stderr
    assert result.account.balances()
    assert [e["eventName"] for e in result.events] == ["sched_process_exec", "getppid"]
    assert {e["userId"] for e in result.events} == {int(NOBODY)}


@pytest.mark.oldest_and_newest
def test_privileges_enough(kernel: Kernel) -> None:
    """CAP_BPF and CAP_PERFMON are enough to trace a COMMAND."""
    check_enough(kernel)


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("value", [0, 1])  # 1 cannot be changed; the kernels start with 2
def test_privileges_unprivileged_bpf(kernel: Kernel, value: int) -> None:
    """Without capabilities the line is the same, whatever the kernel allows without."""
    setting = f"echo {value} >/proc/sys/kernel/unprivileged_bpf_disabled"
    assert run(kernel, ["sh", "-c", setting]).status == 0
    check_enough(kernel)
    refused = as_nobody(kernel, ENOUGH[2:], [TRACEE_REF, *OPTIONS, "--", "true"])
    needed = "tracee-ref: tracing: needs CAP_BPF and CAP_PERFMON to load"
    assert (refused.status, refused.stderr[: len(needed)]) == (1, needed)


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_privileges_locked_memory(kernel: Kernel) -> None:
    """Before Linux v5.11 BPF maps are charged to the limit of locked memory."""
    if limits_memory(kernel):
        limited = ["prlimit", "--memlock=65536:65536"]
        argv = [*limited, TRACEE_REF, "-f", "event=getppid", "--", "true"]
        result = as_nobody(kernel, ENOUGH, argv)
        assert result.status == 1
        assert "locked memory is limited; run 'ulimit -l unlimited'" in result.stderr


@pytest.mark.host_only
@pytest.mark.parametrize(
    ("capabilities", "arguments", "message"),
    [
        ([], ["-f", "event=getppid"], "tracing: needs CAP_BPF and CAP_PERFMON to load"),
        (["bpf"], ["-f", "event=getppid"], "tracing: needs CAP_PERFMON to load"),
        (ENOUGH, ["-f", "binary=/usr/bin/true"],
         "filters on binary, without a COMMAND: needs CAP_SYS_PTRACE to read"),
        (ENOUGH, ["-f", "event=net_packet_dns", "--", "true"],
         "packet events: needs CAP_NET_ADMIN to attach"),
        ([*ENOUGH, "net_admin"], ["-f", "event=net_packet_dns"],
         "packet events, without a COMMAND: needs CAP_SYS_PTRACE and CAP_"),
        (ENOUGH, ["-f", "event=init_namespaces"], "needs CAP_SYS_PTRACE and CAP_SYS_ADMIN"),
    ],
)  # fmt: skip
def test_privileges_missing(
    kernel: Kernel, capabilities: list[str], arguments: list[str], message: str
) -> None:
    """The message names the capability and what needs it."""
    names = capabilities if READABLE else [*capabilities, "dac_read_search"]
    result = as_nobody(kernel, names, [TRACEE_REF, *arguments])
    assert result.status == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.host_only
def test_privileges_running_binary(kernel: Kernel) -> None:
    """With CAP_SYS_PTRACE, the programs of processes that ran before are known."""
    errors = "/tmp/tracee-ref-privileges"
    script = BEFORE.format(tracer=TRACEE_REF, errors=errors)
    caps = [*enough_for(kernel), "sys_ptrace"]
    result = as_nobody(kernel, caps, ["/bin/sh", "-c", script])
    assert result.status == 0, result.stderr
    assert "sleep" in [event["processName"] for event in result.events]


@pytest.mark.host_only
def test_privileges_hidden_processes(kernel: Kernel) -> None:
    """A /proc that hides processes would lose ancestors."""
    caps = ",".join(f"+{name}" for name in ENOUGH)
    drop = f"setpriv --reuid {NOBODY} --clear-groups --inh-caps={caps} --ambient-caps={caps}"
    mount = "mount -t proc -o hidepid=2 proc /proc"
    argv = ["unshare", "-m", "sh", "-c", f"{mount} && {drop} {TRACEE_REF} -f tree=1"]
    result = run(kernel, argv)
    assert result.status == 1
    assert "where /proc is mounted with hidepid: needs CAP_SYS_PTRACE" in result.stderr


@pytest.mark.host_only
def test_privileges_user_namespace(kernel: Kernel) -> None:
    """Root of a user namespace has all capabilities, none of which counts."""
    result = run(kernel, ["unshare", "-Ur", TRACEE_REF, "-f", "event=getppid"])
    assert result.status == 1
    assert "this is not the initial user namespace" in result.stderr


@pytest.mark.host_only
@pytest.mark.parametrize(
    ("action", "message"),
    [(EPERM, "a seccomp filter forbids it"), (ENOSYS, "a seccomp filter hides bpf()")],
)
def test_privileges_seccomp(kernel: Kernel, action: int, message: str) -> None:
    """A container runtime's seccomp filter refuses bpf(), in one of two ways."""
    script = python(SECCOMP.replace("{action}", str(action)))
    result = run(kernel, [*script, TRACEE_REF, "-f", "event=getppid", "--", "true"])
    assert result.status == 1
    assert message in result.stderr
    assert "lacks" not in result.stderr
