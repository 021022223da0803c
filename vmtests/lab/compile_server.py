# SPDX-License-Identifier: Apache-2.0
"""Compiles for the guests: what takes this machine half a second takes an emulated one ten.

The compiler, its options and the text are those that the guest would use; programs are loaded,
verified and run by the guest's kernel.  ``test_programs.py`` has each guest compile by itself too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracee_ref.kernel.build.cache import serve

GUEST_DIRECTORY = "/run/tracee-ref-programs"
"""Where guests see the directory."""

PRIORITY = -10
"""Guests keep all processors busy while they wait for what it does."""


@contextmanager
def compile_server() -> Iterator[Path]:
    """Give a directory that is served until the block ends."""
    with tempfile.TemporaryDirectory(prefix="tracee-ref-programs-") as place:
        server = subprocess.Popen([sys.executable, "-m", "vmtests.lab.compile_server", place])
        try:
            yield Path(place)
        finally:
            server.kill()
            server.wait()


def main() -> None:
    """Serve the directory that is named, for as long as whoever started this is there."""
    parent = os.getppid()
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    serve(Path(sys.argv[1]), lambda: os.getppid() != parent)


if __name__ == "__main__":
    main()
