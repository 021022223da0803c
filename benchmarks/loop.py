# SPDX-License-Identifier: Apache-2.0
"""A process of ours that makes system calls and tells what one takes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "workload"
CPU: Final = "0"
"""The loop stays on one: what the tracer does on another one is no part of a call."""


def compiled(name: str, directory: Path) -> Path:
    """Compile a program of ``workload/`` into a directory."""
    program = directory / name
    argv = ["gcc", "-O2", "-Wall", "-o", str(program), str(SOURCES / f"{name}.c")]
    subprocess.run(argv, check=True)
    return program


class Loop:
    """Makes calls on request; its name (comm) is that of the program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def nanoseconds(self, call: str, count: int, chunks: int) -> float:
        """Return what a call takes in the fastest of some chunks of ``count`` calls."""
        assert self._process.stdin
        assert self._process.stdout
        print(call, count, chunks, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


@contextmanager
def looping(directory: Path) -> Iterator[Loop]:
    """Start the process; it ends with the context."""
    argv = ["taskset", "-c", CPU, str(compiled("calls", directory))]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as process:
        yield Loop(process)
        assert process.stdin
        process.stdin.close()
