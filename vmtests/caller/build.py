# SPDX-License-Identifier: Apache-2.0
"""Build of the generated program, and of the C programs of this directory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vmtests.caller.values import MACHINES
from vmtests.lab.cache import cache_directory
from vmtests.lab.compiled import compiled

SOURCES: Final = Path(__file__).parent

COMPILE: Final = (
    *("gcc", "-static", "-nostdlib", "-ffreestanding", "-O1", "-Wall", "-fno-stack-protector"),
    *("-fno-pie", "-no-pie", "-Wno-overflow", "-Wno-unused-function", f"-I{SOURCES}"),
)


def generated(machine: str, text: str) -> Path:
    """Return the program of a generated text, for one of MACHINES."""
    header = (SOURCES / "caller.h").read_bytes()
    source = cache_directory() / "caller" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.c"
    source.parent.mkdir(exist_ok=True)
    source.write_text(text)
    command = [*COMPILE, *MACHINES[machine].flags, str(source)]
    return compiled("caller", command, header + text.encode())


def program(name: str, flags: Sequence[str] = ("-m32",)) -> Path:
    """Return a program of this directory, by default one of 32 bits."""
    text = b"".join((SOURCES / file).read_bytes() for file in (f"{name}.c", "caller.h"))
    return compiled("caller", [*COMPILE, *flags, str(SOURCES / f"{name}.c")], text)
