# SPDX-License-Identifier: Apache-2.0
"""Compiled programs, kept from run to run: to compile takes longer than all else of a start.

A program is found again by its text, which has the layout of the kernel's structures in it, and
by the compiler.  The directory is the user's own; ``TRACEE_REF_PROGRAMS`` names another.  There a
machine that is slow (an emulated guest) can have another compile for it: see ``serve``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from ...errors import HostError
from .compiler import CFLAGS, Compiled, compile_text, import_bcc

DIRECTORY: Final = "TRACEE_REF_PROGRAMS"
KEPT: Final = 64
"""Programs in the directory; those that were used longest ago give way."""

SERVED: Final = "served"
"""The file that says that somebody compiles what is asked for in the directory."""

WAIT_SECONDS: Final = 60.0
REST: Final = 0.02
ASKING_REST: Final = 0.1
"""Seconds between two looks; for the machine that is slow a look is work."""


def compiled(name: str, text: str) -> Compiled:
    """Return a program by its text, compiled now or before; raises HostError."""
    place = directory() / f"{_key(text)}.program"
    if found := _read(place):
        return found
    if (place.parent / SERVED).exists() and (found := _asked(place, text)):
        return found
    program = compile_text(name, text)
    _store(place, program)
    return program


def directory() -> Path:
    """Return where programs are kept; it need not be there."""
    if named := os.environ.get(DIRECTORY):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "tracee-ref" / "programs"


def serve(place: Path, until: Callable[[], bool]) -> None:
    """Compile what is asked for in a directory, for machines that see it too."""
    import_bcc()  # once, not for each text
    (place / SERVED).touch()
    while not until():
        for request in place.glob("*.c"):
            try:
                program = compile_text(request.stem, request.read_text(encoding="utf-8"))
                _store(request.with_suffix(".program"), program)
            except HostError:
                _write(request.with_suffix(".program"), b"")  # compiling there will say why
            request.unlink()
        time.sleep(REST)


def _asked(place: Path, text: str) -> Compiled | None:
    """Have a program compiled by whoever serves the directory; None if that did not succeed."""
    _write(place.with_suffix(".c"), text.encode())
    deadline = time.monotonic() + WAIT_SECONDS
    while not place.exists() and time.monotonic() < deadline:
        time.sleep(ASKING_REST)
    return _read(place)


def _read(place: Path) -> Compiled | None:
    """Return what is kept; what is not as it was written counts as not there."""
    try:
        program = msgspec.msgpack.decode(place.read_bytes(), type=Compiled)
        os.utime(place)
    except (OSError, msgspec.MsgspecError):
        return None
    return program


def _store(place: Path, program: Compiled) -> None:
    """Keep a program, and the others that were used last; a refused directory does without."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(place, msgspec.msgpack.encode(program))
        by_use = sorted(place.parent.glob("*.program"), key=lambda one: one.stat().st_mtime)
        for oldest in by_use[:-KEPT]:
            oldest.unlink(missing_ok=True)
    except OSError:
        return


def _write(place: Path, content: bytes) -> None:
    """Write a file at once or not at all."""
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(place)


def _key(text: str) -> str:
    spec = find_spec("bcc")
    version = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    told = [version.read_text(encoding="utf-8") if version and version.exists() else ""]
    shim = files("bpf") / "shim" / "include" / "linux" / "types.h"
    told += [*CFLAGS, shim.read_text(encoding="utf-8"), text]
    return sha256("\0".join(told).encode()).hexdigest()[:32]
