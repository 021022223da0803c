# SPDX-License-Identifier: Apache-2.0
"""Start and end of a run: exit status, error messages, signals, closed outputs."""

from __future__ import annotations

import shlex
import signal
import time
from pathlib import Path
from uuid import uuid4

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, python, run, trace

pytestmark = pytest.mark.host_only  # the command line is the same on every kernel

NAME = "tracee-ref: "


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        ("-f 65:comm=x", 2, "65:comm=x"),
        ("-f a:comm=x", 2, "a:comm=x"),
        ("-f comm", 2, "comm"),
        ("-f comm=", 2, "comm="),
        ("-f uid=x", 2, "uid=x"),
        ("-f event=nope", 2, "event=nope"),
        ("-f comm=abcdefghijabcdefghij", 2, "at most 15"),
        ("-f tree=x", 2, "invalid PID given to filter: x"),
        ("-o nope", 2, "nope"),
        ("-o json:/proc/none/events.json", 1, "/proc/none/events.json"),
        ("-o json:/proc/events.json", 1, "/proc/events.json"),
        ("-o json:/etc", 1, "directory"),
        ("--buffer 3", 2, "--buffer"),
        ("--nope", 2, "--nope"),
    ],
)
def test_session_bad_input(kernel: Kernel, options: str, status: int, text: str) -> None:
    """A bad argument is an error of one line."""
    refused(run(kernel, [TRACEE_REF, *options.split(), "--", "true"]), status, text)


def refused(result: Traced, status: int, text: str) -> None:
    """Check for one line on stderr that begins with the program's name, and empty stdout."""
    assert (result.status, result.stdout) == (status, "")
    assert result.stderr.startswith(NAME), result.stderr
    assert result.stderr.count("\n") == 1
    assert text in result.stderr


def test_session_command_not_started(kernel: Kernel) -> None:
    """The exit status is 127 for a missing command, 126 for one that is not executable."""
    missing = f"missing-{uuid4().hex}"
    refused(trace(kernel, "", [missing]), 127, missing)
    refused(trace(kernel, "", ["/etc/passwd"]), 126, "/etc/passwd")


def test_session_without_root(kernel: Kernel) -> None:
    """A user other than root gets an error."""
    # The clone may be below a home that only its owner may enter.
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    drop += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    result = run(kernel, [*drop, TRACEE_REF, "--", "true"])
    refused(result, 1, "root")


def test_session_without_capabilities(kernel: Kernel) -> None:
    """Root without capabilities gets an error."""
    result = run(kernel, ["setpriv", "--bounding-set=-all", TRACEE_REF, "--", "true"])
    refused(result, 1, "tracing: needs CAP_BPF and CAP_PERFMON")


def test_session_without_btf(kernel: Kernel) -> None:
    """A kernel without BTF is an error."""
    hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
    result = run(kernel, ["unshare", "-m", "sh", "-c", hide, "-", TRACEE_REF, "--", "true"])
    refused(result, 1, "/sys/kernel/btf/vmlinux")


def test_session_without_bcc(kernel: Kernel) -> None:
    """A missing BCC is an error that names the package."""
    hide = 'mount -t tmpfs none /usr/lib/python3/dist-packages/bcc && exec "$@"'
    result = run(kernel, ["unshare", "-m", "sh", "-c", hide, "-", TRACEE_REF, "--", "true"])
    refused(result, 1, "python3-bpfcc")


def test_session_exit_status_of_command(kernel: Kernel) -> None:
    """The exit status is that of the command, or 128 plus its signal."""
    assert trace(kernel, "-o none", ["sh", "-c", "exit 42"]).status == 42
    assert trace(kernel, "-o none", ["sh", "-c", "kill -9 $$"]).status == 128 + 9


def test_session_output_to_file(kernel: Kernel, tmp_path: Path) -> None:
    """Events go to files, the output of the command to stdout."""
    json, table = tmp_path / "events" / "all.json", tmp_path / "events" / "t"
    options = f"-f event=sched_process_exec -o json:{json} -o table:{table}"
    result = trace(kernel, options, ["sh", "-c", "echo mine"])
    assert result.stdout == "mine\n"
    files = run(kernel, ["cat", str(json), str(table)])
    assert files.events
    assert any(line.startswith("TIME ") for line in files.lines)


def test_session_signal_forwarded(kernel: Kernel) -> None:
    """A signal to the tracer is forwarded to the command."""
    shell = f"{TRACEE_REF} -o none -- sleep 600 & sleep 5; kill $!; wait $!; echo status $?"
    start_time = time.monotonic()
    result = run(kernel, ["sh", "-c", shell])
    assert "status 143" in result.stdout
    assert time.monotonic() - start_time < 100


def test_session_sigchld_ignored(kernel: Kernel) -> None:
    """An ignored SIGCHLD changes no exit status, and stays ignored in the command."""
    tracer = f"env --ignore-signal=CHLD {TRACEE_REF} -f event=getppid -o none --"
    commands = f"{tracer} sh -c 'exit 4'; echo $?; {tracer} grep SigIgn /proc/self/status"
    status, ignored = run(kernel, ["sh", "-c", commands]).lines
    assert status == "4"
    assert int(ignored.split()[1], 16) & 1 << signal.SIGCHLD - 1


@pytest.mark.parametrize("variables", [[], ["SHLVL=1"], ["SHLVL=7", "LC_CTYPE=C"]])
def test_session_environment(kernel: Kernel, variables: list[str]) -> None:
    """The command gets the environment that the tracer got."""
    given = ["PATH=/usr/bin", "PWD=/", *variables]
    tracer = [TRACEE_REF, "-f", "event=getppid", "-o", "none", "--"]
    printed = run(kernel, ["env", "-C", "/", "-i", *given, *tracer, "env"]).lines
    assert sorted(printed) == sorted(given)


@pytest.mark.parametrize("option", ["ignore", "block", "default"])
def test_session_inherited_signals(kernel: Kernel, option: str) -> None:
    """The command gets ignored and blocked signals as the tracer got them, and the locale."""
    signals = "HUP,INT,QUIT,PIPE,USR1,TERM,TSTP,XFSZ,RTMIN"
    show = "grep -E 'SigIgn|SigBlk' /proc/self/status; echo ${LC_CTYPE-unset} ${LC_ALL-unset}"
    environment = ["env", "-u", "LC_ALL", "-u", "LC_CTYPE", f"--{option}-signal={signals}"]
    command = ["sh", "-c", show]
    options = ["-f", "event=getppid", "-o", "none", "--"]
    alone = run(kernel, [*environment, *command]).stdout
    assert run(kernel, [*environment, TRACEE_REF, *options, *command]).stdout == alone


def test_session_sighup_ignored(kernel: Kernel) -> None:
    """A run that nohup(1) started does not end at SIGHUP."""
    tracer = f"env --ignore-signal=HUP {TRACEE_REF} -f event=getppid -f tree=$$ -o none"
    wait = "while ! grep -q tracing log; do sleep 0.1; done"
    signals = "kill -HUP $!; sleep 1; kill -0 $! && echo alive; kill -TERM $!; wait $!"
    shell = f"cd $(mktemp -d); {tracer} 2>log & {wait}; {signals}; rm -r $PWD"
    assert run(kernel, ["sh", "-c", shell]).stdout == "alive\n"


def test_session_stderr_closed(kernel: Kernel) -> None:
    """With a closed stderr, no message gets between the events."""
    shell = f"{TRACEE_REF} -f event=openat -o json -- true 2>&-"
    result = run(kernel, ["sh", "-c", shell])
    assert result.status == 0
    assert result.events
    assert len(result.events) == len(result.lines)


def test_session_relative_time(kernel: Kernel) -> None:
    """Relative timestamps count from the start of tracing."""
    options = "-f event=sched_process_exec -o json -o option:relative-time"
    (event,) = trace(kernel, options, ["true"]).events
    assert 0 < event["timestamp"] < 60_000_000_000


def test_session_help_without_kernel(kernel: Kernel) -> None:
    """Help, version and lists are printed without an error."""
    for option in (["--help"], ["--version"], ["--list"], ["-f", "help"], ["-o", "help"]):
        result = run(kernel, [TRACEE_REF, *option])
        assert (result.status, result.stderr) == (0, "")
        assert result.stdout


def test_session_sigint_in_event_storm(kernel: Kernel, tmp_path: Path) -> None:
    """SIGINT ends a run without a command while a process makes syscalls all the time."""
    storm = [*python("import os\nwhile True: os.getppid()")]
    errors = tmp_path / "errors"
    shell = f"""
{shlex.join(storm)} & storm=$!
env --default-signal {TRACEE_REF} -f event=getppid -f pid=$storm -o json:/dev/null \
    2>{errors} & tracer=$!  # a shell without job control lets it ignore SIGINT
until grep -qs tracing {errors}; do sleep 0.1; done
sleep 2; kill -INT $tracer; wait $tracer; echo status $?; kill -9 $storm; cat {errors} >&2
"""
    result = run(kernel, ["sh", "-c", shell])
    assert "status 0" in result.stdout, result.stderr
    assert result.account.balances()
    assert result.account.seen > 1000


def test_session_mount_path_bytes(kernel: Kernel) -> None:
    """A mount at a path that is not UTF-8 does not stop a run."""
    script = (
        'd=$(mktemp -d); p=$(printf "$d/a\\377"); mkdir "$p"; mount -t tmpfs none "$p"; "$@";'
        ' status=$?; umount "$p"; rm -r "$d"; exit $status'
    )
    argv = [TRACEE_REF, "-f", "event=getppid", "-f", "container", "--", "true"]
    result = run(kernel, ["unshare", "-m", "sh", "-c", script, "-", *argv])
    assert result.status == 0, result.stderr
