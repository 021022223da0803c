# SPDX-License-Identifier: Apache-2.0
"""Compile server of the guests, which compile twenty times slower than the host.

A guest writes the text to ``KEY.c`` in a directory that it shares with the host, and waits for
``KEY.compiled``.  Compiler, options and text are the guest's own; programs are loaded, verified and
run by the guest's kernel.  ``test_program_cache.py`` has guests compile by themselves, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from tracee_ref.errors import HostError
from tracee_ref.kernel.build import cache
from tracee_ref.kernel.build.compiler import Compiled, compile_text, import_bcc

GUEST_DIRECTORY: Final = "/run/tracee-ref-programs"
"""Mount point of the shared directory in guests; also their program cache."""

PRIORITY: Final = -10
"""Waiting guests keep all processors busy."""

WAIT_SECONDS: Final = 60.0
SERVER_POLL_SECONDS: Final = 0.02
GUEST_POLL_SECONDS: Final = 0.1
"""Longer, because polling is expensive in an emulated guest."""


@contextmanager
def compile_server() -> Iterator[Path]:
    """Yield a directory whose requests are served until the block ends."""
    with tempfile.TemporaryDirectory(prefix="tracee-ref-programs-") as directory:
        server = subprocess.Popen([sys.executable, "-m", "vmtests.lab.compile_server", directory])
        try:
            yield Path(directory)
        finally:
            server.kill()
            server.wait()


def use_compile_server(directory: Path) -> None:
    """Have this process and its children compile by the server of a directory."""
    setattr(cache, "compile_text", partial(compile_remotely, directory))  # noqa: B010


def compile_remotely(directory: Path, name: str, text: str) -> Compiled:
    """Compile by the server; here, if the cache is in another directory or the server fails."""
    if Path(cache.directory()) != directory:
        return compile_text(name, text)
    answer = directory / f"{cache.cache_key(text)}.compiled"
    _write(answer.with_suffix(".c"), text.encode())
    deadline = time.monotonic() + WAIT_SECONDS
    while not answer.exists() and time.monotonic() < deadline:
        time.sleep(GUEST_POLL_SECONDS)
    try:
        return msgspec.msgpack.decode(answer.read_bytes(), type=Compiled)
    except (OSError, msgspec.MsgspecError):
        return compile_text(name, text)


def serve(directory: Path, ended: Callable[[], bool]) -> None:
    """Answer the requests in a directory."""
    import_bcc()  # once, not in the child of each compilation
    while not ended():
        for request in directory.glob("*.c"):
            try:
                program = compile_text(request.stem, request.read_text(encoding="utf-8"))
                answer = msgspec.msgpack.encode(program)
            except HostError:
                answer = b""  # the guest compiles, and reports the reason
            _write(request.with_suffix(".compiled"), answer)
            request.unlink()
        time.sleep(SERVER_POLL_SECONDS)


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    partial_file = path.with_name(f".{path.name}.{os.getpid()}")
    partial_file.write_bytes(content)
    partial_file.replace(path)


def main() -> None:
    """Serve the directory of the first argument until the parent process exits."""
    parent = os.getppid()
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    serve(Path(sys.argv[1]), lambda: os.getppid() != parent)


if __name__ == "__main__":
    main()
