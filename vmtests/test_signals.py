# SPDX-License-Identifier: Apache-2.0
"""Signals at all moments of a run: status, account, and no traceback."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, run

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
OPTIONS = "-f event=getppid -o none --"
ACCOUNT = "tracee-ref: events: seen"


def phase(result: dict[str, Any]) -> str:
    """Return when the signal came, after checking the exit status and the messages."""
    number, lines = result["number"], result["stderr"]
    assert all(line.startswith("tracee-ref: ") for line in lines), result
    if result["exit"] == -number:  # before Python could start
        assert not lines, result
        return "launch"
    if lines == [f"tracee-ref: {signal.Signals(number).name} before tracing began"]:
        assert result["exit"] == 128 + number, result
        return "start"
    assert result["exit"] in (0, 128 + number), result
    assert lines[0] == "tracee-ref: tracing", result
    assert lines[1].startswith(ACCOUNT), result
    return "run" if result["exit"] else "end"


def phases(
    kernel: Kernel, *, moments: int, numbers: tuple[int, ...], parallel: int
) -> Counter[str]:
    """Return in how many runs the signal came in each phase."""
    request = {
        "argv": [TRACEE_REF, *OPTIONS.split(), "sleep", "0.3"],
        "numbers": list(numbers),
        "moments": moments,
        "parallel": parallel,
        "seconds": 200.0,
    }
    reply = kernel.ask("signals.at_moments", request, seconds=900)
    return Counter(phase(result) for result in reply["runs"])


@pytest.mark.host_only
def test_signals_at_all_moments(kernel: Kernel) -> None:
    """Each signal at 20 moments, to the tracer alone and to its process group in turn."""
    counts = phases(kernel, moments=20, numbers=NUMBERS, parallel=2)
    assert counts.keys() >= {"start", "end"}


@pytest.mark.oldest_and_newest
def test_signals_on_kernels(kernel: Kernel) -> None:
    """SIGINT to the process group while programs are loaded, attached, run and detached."""
    argv = [*OPTIONS.split(), "sleep", "0.3"]
    request = {"argv": argv, "number": signal.SIGINT, "moments": 6, "seconds": 100.0}
    reply = kernel.ask("signals.at_moments_forked", request, seconds=800)
    assert Counter(phase(result) for result in reply["runs"]).keys() >= {"start"}


def script(kernel: Kernel, text: str) -> list[str]:
    """Run a script that has the tracer in $T, and ``started``; return its output."""
    started = "started() { until grep -q tracing log; do sleep 0.05; done; }"
    tracer = f"T='env --default-signal {TRACEE_REF} -f event=getppid -o none'"
    setup = f"cd $(mktemp -d); {tracer}; {started}"
    return run(kernel, ["sh", "-c", f"{setup}; {text}; cat log; rm -r $PWD"]).lines


@pytest.mark.host_only
def test_signals_passed_on(kernel: Kernel) -> None:
    """A signal to the tracer alone ends the command, whose status is the run's."""
    for number in (1, 2, 3, 15):
        lines = script(
            kernel, f"$T -- sleep 60 2>log & started; kill -{number} $!; wait $!; echo $?"
        )
        assert lines[0] == str(128 + number)
        assert lines[-1].startswith(ACCOUNT)


@pytest.mark.host_only
def test_signals_handled_by_command(kernel: Kernel) -> None:
    """A command that handles the signal is traced until it exits, with its status."""
    command = "sh -c 'trap \"sleep 1; exit 7\" TERM; : >ready; while :; do sleep 0.1; done'"
    ready = "until [ -e ready ]; do sleep 0.05; done"
    lines = script(kernel, f"$T -- {command} 2>log & {ready}; kill $!; wait $!; echo $?")
    assert lines[0] == "7"
    assert lines[-1].startswith(ACCOUNT)


@pytest.mark.host_only
def test_signals_second_sigint(kernel: Kernel) -> None:
    """A second SIGINT ends the run at once, with its account; the command goes on."""
    command = "sh -c 'trap \"\" INT; echo $$ >pid; exec sleep 60'"
    twice = "kill -INT $!; sleep 0.3; kill -INT $!; wait $!; echo $?"
    after = "kill $(cat pid) && echo alive"
    ready = "until [ -s pid ]; do sleep 0.05; done"
    lines = script(kernel, f"$T -- {command} 2>log & {ready}; {twice}; {after}")
    assert lines[:2] == ["130", "alive"]
    assert lines[-2].startswith(ACCOUNT)
    assert lines[-1].startswith("tracee-ref: the command goes on")


@pytest.mark.host_only
def test_signals_without_command(kernel: Kernel) -> None:
    """Without a command each signal ends the run with its account."""
    for number in (1, 2, 3, 15):
        lines = script(
            kernel, f"$T -f tree=$$ 2>log & started; kill -{number} $!; wait $!; echo $?"
        )
        assert lines[0] == "0"
        assert lines[-1].startswith(ACCOUNT)


@pytest.mark.host_only
def test_signals_stop_and_continue(kernel: Kernel) -> None:
    """A stopped run goes on."""
    stop = "kill -TSTP $!; sleep 0.2; kill -CONT $!; wait $!; echo $?"
    lines = script(kernel, f"$T -- sh -c 'sleep 1; exit 5' 2>log & started; {stop}")
    assert lines[0] == "5"
    assert lines[-1].startswith(ACCOUNT)


@pytest.mark.host_only
@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2>fifo", ">&- 2>&- <&-"])
def test_signals_stderr_of_no_use(kernel: Kernel, stderr: str, tmp_path: Path) -> None:
    """Without a stderr that takes lines the exit status is the same."""
    out = tmp_path / "json"
    tracer = f"{TRACEE_REF} -f event=openat -o json:{out} -- sh -c 'exit 4'"
    fill = "mkfifo fifo; exec 3<>fifo; head -c 65536 /dev/zero >&3"
    text = f"cd {tmp_path}; {fill}; timeout 20 {tracer} {stderr}; echo $?"
    assert run(kernel, ["bash", "-c", text]).stdout == "4\n"
    assert out.read_bytes().startswith(b'{"timestamp"')
