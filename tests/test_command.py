# SPDX-License-Identifier: Apache-2.0
"""Tests of the traced command: its start, its signals and its exit status."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import pytest

from tracee_ref.command import Command, CommandError


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
    command.signal(signal.SIGTERM)
    assert finish(command) == 143


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
