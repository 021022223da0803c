# SPDX-License-Identifier: Apache-2.0
"""Build of the workload program, cached by the hash of its sources."""

from __future__ import annotations

from pathlib import Path

from vmtests.lab.compiled import compiled

SOURCES = Path(__file__).parent

COMPILE = (
    *("gcc", "-static", "-nostdlib", "-ffreestanding", "-O2", "-Wall", "-Wextra", "-Werror"),
    *("-fno-stack-protector", "-fno-tree-loop-distribute-patterns"),  # both need a C library
)


def workload_program() -> Path:
    """Return the path of the program; raise HostError if it cannot be compiled."""
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]")))
    return compiled("workload", [*COMPILE, str(SOURCES / "workload.c")], sources)
