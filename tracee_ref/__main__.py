# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``python -m tracee_ref``, and of the command (bin/tracee-ref)."""

from contextlib import suppress
from pathlib import Path

from .cli import main

if __name__ == "__main__":
    with suppress(OSError):  # the comm of the tracer, and of its COMMAND before the exec
        Path("/proc/self/comm").write_text("tracee-ref", encoding="ascii")
    main()
