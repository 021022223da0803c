# SPDX-License-Identifier: Apache-2.0
"""The traced command: started at the gate, ended with a status as a shell has it."""

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


def test_it_waits_until_it_is_released(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    command = Command(["touch", str(mark)])
    assert select.select([command], [], [], 0.2) == ([], [], [])
    assert not mark.exists()
    command.release()
    assert finish(command) == 0
    assert mark.exists()


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_its_status(script: str, status: int) -> None:
    command = Command(["sh", "-c", script])
    command.release()
    assert finish(command) == status


def test_a_signal_is_passed_on() -> None:
    command = Command(["sleep", "60"])
    command.release()
    command.signal(signal.SIGTERM)
    assert finish(command) == 143


def test_python_leaves_no_signals_ignored_behind() -> None:
    """Python ignores SIGPIPE; a command that inherits this does not end with its reader."""
    command = Command(["sh", "-c", "kill -PIPE $$; exit 0"])
    command.release()
    assert finish(command) == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    ("name", "status"), [("no-such-command", 127), ("/nowhere/x", 127), ("/etc/passwd", 126)]
)
def test_what_cannot_be_found_or_executed(name: str, status: int) -> None:
    with pytest.raises(CommandError, match=name) as caught:
        Command([name])
    assert caught.value.status == status


def test_what_fails_at_the_exec(tmp_path: Path) -> None:
    program = tmp_path / "no-program"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    command = Command([str(program)])
    with pytest.raises(CommandError, match="Exec format error") as caught:
        command.release()
    assert caught.value.status == 126


def test_nothing_is_left_if_the_tracer_dies() -> None:
    """The gate closes with its last holder; the child then ends without executing."""
    command = Command(["sh", "-c", "exit 7"])
    os.close(command._gate)
    assert finish(command) == 126
