# SPDX-License-Identifier: Apache-2.0
"""Build of the program, cached by the hash of its sources."""

from __future__ import annotations

from pathlib import Path

from vmtests.lab.compiled import compiled

SOURCES = Path(__file__).parent
COMPILE = ("gcc", "-O1", "-Wall", "-Wextra", "-Werror")


def target_program() -> Path:
    """Return the path of the program; raise HostError if it cannot be compiled."""
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]")))
    return compiled("target", [*COMPILE, str(SOURCES / "target.c")], sources)
