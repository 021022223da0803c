# SPDX-License-Identifier: Apache-2.0
"""Build of the workload program, cached by the hash of its sources."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from tracee_ref.errors import HostCode, HostError
from vmtests.lab.cache import cache_directory

SOURCES = Path(__file__).parent

COMPILE = (
    *("gcc", "-static", "-nostdlib", "-ffreestanding", "-O2", "-Wall", "-Wextra", "-Werror"),
    *("-fno-stack-protector", "-fno-tree-loop-distribute-patterns"),  # both need a C library
)


def workload_program() -> Path:
    """Return the path of the program; raise HostError if it cannot be compiled."""
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]")))
    digest = hashlib.sha256(sources + " ".join(COMPILE).encode()).hexdigest()[:16]
    program = cache_directory() / "workload" / digest
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        compile_to(program)
    return program


def compile_to(program: Path) -> None:
    """Compile to a temporary file, and rename it when it is complete."""
    partial = program.with_suffix(".partial")
    argv = [*COMPILE, "-o", str(partial), str(SOURCES / "workload.c")]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HostError(HostCode.DEPENDENCY, "gcc is not installed: run tools/setup") from error
    if done.returncode != 0:
        raise HostError(
            HostCode.PROCESS, f"{' '.join(argv)} failed: {done.stderr.strip()}; run tools/setup"
        )
    partial.rename(program)
