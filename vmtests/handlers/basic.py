# SPDX-License-Identifier: Apache-2.0
"""Basic requests: ping, release of the kernel, run a command."""

from __future__ import annotations

import base64
import os
import subprocess
import time

from vmtests.handlers import Reply, handler


@handler
def ping(**sent: object) -> Reply:
    return dict(sent)


@handler
def uname() -> Reply:
    """Return the release of the kernel and its uptime in seconds."""
    return {"release": os.uname().release, "uptime": time.clock_gettime(time.CLOCK_BOOTTIME)}


@handler
def run(
    *,
    argv: list[str],
    env: dict[str, str] | None = None,
    cwd: str | None = None,
    stdin: str = "",
    seconds: float = 60,
    text: bool = True,
) -> Reply:
    """Run a command; return its exit code (None after a timeout) and its output.

    With ``text`` false, stdout and stderr are base64 of the exact bytes.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | (env or {}),
        cwd=cwd,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin.encode(), timeout=seconds)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)  # its children too: one of them may keep the pipes open
        out, err = process.communicate()
        code = None
    return {"exit": code, "stdout": _printable(out, text), "stderr": _printable(err, text)}


def _printable(output: bytes, text: bool) -> str:
    if text:
        return output.decode(errors="backslashreplace")
    return base64.b64encode(output).decode()
