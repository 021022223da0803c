# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader of /proc, with processes of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracee_ref.procfs import opened, read_binary, read_parent


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], tuple[Path, int]]]:
    """Start a program of a given name; return its path and process id."""
    running: list[subprocess.Popen[bytes]] = []

    def run(name: str) -> tuple[Path, int]:
        program = tmp_path / name
        shutil.copy("/bin/sleep", program)
        running.append(subprocess.Popen([program, "60"]))
        return program, running[-1].pid

    yield run
    for process in running:
        process.kill()
        process.wait()


def binary(pid: int) -> bytes:
    with opened(pid) as directory:
        found = read_binary(directory)
    assert found is not None
    return found.path


@pytest.mark.parametrize("name", ["x", "x (deleted)", "x (deleted) (deleted)"])
def test_binary_name(start: Callable[[str], tuple[Path, int]], name: str) -> None:
    """A program may have the name that the kernel gives to a removed one."""
    program, pid = start(name)
    assert binary(pid) == os.fsencode(program)
    program.unlink()
    assert binary(pid) == os.fsencode(program)


def test_binary_name_of_another(start: Callable[[str], tuple[Path, int]]) -> None:
    """Another file with that name is not the removed program."""
    program, pid = start("x")
    program.unlink()
    shutil.copy("/bin/true", f"{program} (deleted)")
    assert binary(pid) == os.fsencode(program)


def test_opened_process_exits() -> None:
    """What is read is of one process, or an error."""
    process = subprocess.Popen(["/bin/sleep", "60"])
    with pytest.raises(ProcessLookupError), opened(process.pid) as directory:  # noqa: PT012
        assert read_parent(directory) == os.getpid()
        process.kill()
        process.wait()
        read_binary(directory)
