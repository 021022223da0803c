# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``python -m tracee_ref``, and of the command (bin/tracee-ref)."""

import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    try:
        from .cli import main
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"click", "dns", "msgspec"}:
            raise
        sys.exit(
            f"tracee-ref: the Python package {package} is missing;"
            " install the dependencies: pip install tracee-ref"
        )
    with suppress(OSError):  # the comm of the tracer, and of its COMMAND before the exec
        Path("/proc/self/comm").write_text("tracee-ref", encoding="ascii")
    main()
