# SPDX-License-Identifier: Apache-2.0
"""Tracing of workloads that trigger signatures, in a container and on the host."""

from __future__ import annotations

import subprocess

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.lab.oci import Container, make_root

MOUNTS = {"/tmp": "tmpfs", "/sys/kernel/debug": "debugfs"}


@handler
def provoked(
    *, container: dict[str, str], script: str, program: str, comm: str, options: list[str]
) -> Reply:
    """Trace a shell script in a container and a Python program outside; return both outputs.

    The script calls applets as ``busybox NAME``; the program runs as ``comm``.
    """
    make_root()
    rename = f"open('/proc/self/comm', 'w').write({comm!r})\n"
    python = ["/usr/bin/python3", "-I", "-S", "-c", rename + program]
    inside = Container(**container)
    try:
        with tracing(options) as reply:
            inside.run("/bin/sh", "-c", script, mounts=MOUNTS)
            result = subprocess.run(python, capture_output=True, text=True, check=False)
    finally:
        inside.remove()
    return reply | {"program": [result.returncode, result.stdout, result.stderr]}
