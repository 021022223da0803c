# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``python -m tracee_ref``, and of the command (bin/tracee-ref)."""

import signal

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)

if __name__ == "__main__":
    # Before the imports, which take long: none of them is to end in a KeyboardInterrupt.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

    import sys
    from contextlib import suppress
    from pathlib import Path

    try:
        from .cli import main
        from .signals import inherited_signals, launched
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"click", "dns", "msgspec"}:
            raise
        sys.exit(
            f"tracee-ref: the Python package {package} is missing;"
            " install the dependencies: pip install tracee-ref"
        )
    except (ImportError, OSError, MemoryError) as error:
        sys.exit(
            f"tracee-ref: cannot be loaded ({str(error) or 'out of memory'}); install it again, or"
            " raise the limits (ulimit -n, ulimit -v)"
        )
    with suppress(OSError):  # the comm of the tracer, and of its COMMAND before the exec
        Path("/proc/self/comm").write_text("tracee-ref", encoding="ascii")
    main(inherited=launched() or inherited_signals(blocked))
