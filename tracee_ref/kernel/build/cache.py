# SPDX-License-Identifier: Apache-2.0
"""Cache of compiled programs; compiling takes longer than the rest of a start.

The key of a program is a hash of its text, which contains the layout of the kernel's structures,
and of the compiler.  ``TRACEE_REF_PROGRAMS`` names another directory than the user's own.
"""

from __future__ import annotations

import os
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from .compiler import CFLAGS, Compiled, compile_text

DIRECTORY: Final = "TRACEE_REF_PROGRAMS"
"""Environment variable with the cache directory."""

PROGRAMS_MAX: Final = 64
"""Programs in the directory; the least recently used are removed."""


def compiled(name: str, text: str) -> Compiled:
    """Return a program from the cache, or compile it; raises HostError."""
    path = directory() / f"{cache_key(text)}.program"
    if program := _read(path):
        return program
    program = compile_text(name, text)
    _store(path, program)
    return program


def directory() -> Path:
    """Return the cache directory, which may not exist."""
    if path := os.environ.get(DIRECTORY):
        return Path(path)
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "tracee-ref" / "programs"


def cache_key(text: str) -> str:
    """Return the hash of a program's text, the compiler and its options."""
    spec = find_spec("bcc")
    version = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    shim = files("tracee_ref.bpf") / "shim" / "include" / "linux" / "types.h"
    parts = [version.read_text(encoding="utf-8") if version and version.exists() else ""]
    parts += [*CFLAGS, shim.read_text(encoding="utf-8"), text]
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


def _read(path: Path) -> Compiled | None:
    """Return a cached program; None if it is absent or corrupt."""
    try:
        program = msgspec.msgpack.decode(path.read_bytes(), type=Compiled)
        os.utime(path)
    except (OSError, msgspec.MsgspecError):
        return None
    return program


def _store(path: Path, program: Compiled) -> None:
    """Add a program and remove the least recently used; do nothing if the directory is refused."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(msgspec.msgpack.encode(program))
        partial.replace(path)
        by_use = sorted(path.parent.glob("*.program"), key=lambda file: file.stat().st_mtime)
        for oldest in by_use[:-PROGRAMS_MAX]:
            oldest.unlink(missing_ok=True)
    except OSError:
        return
