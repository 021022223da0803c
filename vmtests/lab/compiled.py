# SPDX-License-Identifier: Apache-2.0
"""C programs of the tests, cached by the hash of their text."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tracee_ref.errors import HostCode, HostError
from vmtests.lab.cache import cache_directory


def compiled(directory: str, command: Sequence[str], text: bytes) -> Path:
    """Return a program that ``command`` compiles; raise HostError if it cannot.

    ``text`` is all that the program depends on; ``directory`` is below the cache directory.
    """
    digest = hashlib.sha256(text + " ".join(command).encode()).hexdigest()[:16]
    program = cache_directory() / directory / digest
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        compile_to(program, command)
    return program


def compile_to(program: Path, command: Sequence[str]) -> None:
    """Compile to a temporary file, and rename it when it is complete."""
    partial = program.with_suffix(".partial")
    argv = [*command, "-o", str(partial)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HostError(HostCode.DEPENDENCY, "gcc is not installed: run tools/setup") from error
    if done.returncode != 0:
        raise HostError(
            HostCode.PROCESS, f"{' '.join(argv)} failed: {done.stderr.strip()}; run tools/setup"
        )
    partial.rename(program)
