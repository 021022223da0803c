"""The tracer beside what signatures are about: done for real, in a container and in none."""

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
    """What the tracer says while a container runs a shell script, and none a Python program.

    The script sees applets of busybox by ``busybox NAME``; the program's name becomes ``comm``.
    """
    make_root()
    begin = f"open('/proc/self/comm', 'w').write({comm!r})\n"
    python = ["/usr/bin/python3", "-I", "-S", "-c", begin + program]
    inside = Container(**container)
    try:
        with tracing(options) as reply:
            inside.run("/bin/sh", "-c", script, mounts=MOUNTS)
            result = subprocess.run(python, capture_output=True, text=True, check=False)
    finally:
        inside.remove()
    return reply | {"program": [result.returncode, result.stdout, result.stderr]}
