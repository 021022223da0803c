# SPDX-License-Identifier: Apache-2.0
"""Process that makes syscalls in a loop and reports the time of one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "workload"
CPU: Final = "0"
"""The loop is pinned to one CPU, so that the tracer's reader runs on another one."""


def compiled(name: str, directory: Path) -> Path:
    """Compile a program of ``workload/`` into a directory."""
    program = directory / name
    argv = ["gcc", "-O2", "-Wall", "-o", str(program), str(SOURCES / f"{name}.c")]
    subprocess.run(argv, check=True)
    return program


class Loop:
    """The running process; its comm is the name of the program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def nanoseconds(self, call: str, count: int, chunks: int) -> float:
        """Return the time of a call in ns, in the fastest chunk of ``count`` calls."""
        assert self._process.stdin
        assert self._process.stdout
        print(call, count, chunks, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


@contextmanager
def looping(directory: Path) -> Iterator[Loop]:
    """Run the process during a block."""
    argv = ["taskset", "-c", CPU, str(compiled("calls", directory))]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as process:
        yield Loop(process)
        assert process.stdin
        process.stdin.close()
