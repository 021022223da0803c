# SPDX-License-Identifier: Apache-2.0
"""Tests of the traced command: its start, its signals and its exit status."""

from __future__ import annotations

import ctypes
import os
import select
import signal
from pathlib import Path

import pytest

from tracee_ref.command import Command, CommandError
from tracee_ref.signals import Inherited

RESERVED = 1 << (32 - 1) | 1 << (33 - 1)
"""Signals that glibc keeps for itself: programs cannot change how they got them."""


def finish(command: Command) -> int:
    select.select([command], [], [], 10)
    status = command.exit_status()
    assert status is not None
    return status


def test_command_waits_for_release(tmp_path: Path) -> None:
    """The command executes only after ``release``."""
    mark = tmp_path / "mark"
    command = Command(["touch", str(mark)])
    assert select.select([command], [], [], 0.2) == ([], [], [])
    assert not mark.exists()
    command.release()
    assert finish(command) == 0
    assert mark.exists()


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_command_exit_status(script: str, status: int) -> None:
    command = Command(["sh", "-c", script])
    command.release()
    assert finish(command) == status


def test_command_signal() -> None:
    """A signal reaches the command."""
    command = Command(["sleep", "60"])
    command.release()
    command.pass_on(signal.SIGTERM, by_kernel=False)
    assert finish(command) == 143


def test_command_signal_of_terminal() -> None:
    """A signal of the terminal is not sent twice to a command of the same process group."""
    command = Command(["sleep", "60"])
    command.release()
    command.pass_on(signal.SIGINT, by_kernel=True)
    assert command.exit_status() is None
    command.pass_on(signal.SIGINT, by_kernel=False)
    assert finish(command) == 130


def test_command_killed_before_release() -> None:
    """A signal before the exec is the exit status."""
    command = Command(["true"])
    command.pass_on(signal.SIGTERM, by_kernel=False)
    select.select([command], [], [], 10)
    command.release()
    assert command.exit_status() == 143


@pytest.mark.parametrize("number", [1, 2, 3, 13, 15, 17, 25])
def test_command_inherits_signals(number: int, tmp_path: Path) -> None:
    """The command gets ignored and blocked signals as the tracer got them."""
    status = tmp_path / "status"
    inherited = Inherited(frozenset({signal.SIGUSR1}), frozenset({number}))
    command = Command(["cp", "/proc/self/status", str(status)], inherited)
    command.release()
    assert finish(command) == 0
    fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
    assert int(fields["SigIgn"], 16) & ~RESERVED == 1 << (number - 1)
    assert int(fields["SigBlk"], 16) == 1 << (signal.SIGUSR1 - 1)


def test_command_default_signals() -> None:
    """SIGPIPE, which Python ignores, ends the command."""
    command = Command(["sh", "-c", "kill -PIPE $$; exit 0"])
    command.release()
    assert finish(command) == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    ("name", "status"), [("missing", 127), ("{}/missing", 127), ("{}/file", 126)]
)
def test_command_not_found(
    name: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing program has status 127, one that is not executable 126."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "file").touch(0o644)
    with pytest.raises(CommandError, match=name.format(tmp_path)) as caught:
        Command([name.format(tmp_path)])
    assert caught.value.status == status


def test_command_exec_error(tmp_path: Path) -> None:
    """An error of execve is raised by ``release``."""
    program = tmp_path / "no-program"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    command = Command([str(program)])
    with pytest.raises(CommandError, match="Exec format error") as caught:
        command.release()
    assert caught.value.status == 126


def test_command_tracer_death() -> None:
    """If the gate closes, the child exits without executing."""
    command = Command(["sh", "-c", "exit 7"])
    os.close(command._gate)
    assert finish(command) == 126


def test_command_environment(tmp_path: Path) -> None:
    """What a library in C adds to the environment is not passed on."""
    output = tmp_path / "env"
    libc = ctypes.CDLL(None)
    libc.setenv(b"ADDED_BY_A_LIBRARY", b"80", 1)
    try:
        command = Command(["sh", "-c", f"env > {output}"])
        command.release()
        select.select([command], [], [], 10)
    finally:
        libc.unsetenv(b"ADDED_BY_A_LIBRARY")
    assert "PATH=" in output.read_text()
    assert "ADDED_BY_A_LIBRARY" not in output.read_text()
