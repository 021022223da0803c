"""Requests of every agent: is it there, what kernel is it, and carry out a command."""

from __future__ import annotations

import base64
import os
import subprocess
import time

from vmtests.handlers import Reply, handler


@handler
def ping(**sent: object) -> Reply:
    """What was sent, back."""
    return dict(sent)


@handler
def uname() -> Reply:
    """The kernel's release, and the seconds since it started."""
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
    """Carry out a command: its exit code (null if it ran out of time) and what it wrote.

    With ``text`` false, the outputs are base64 of the exact bytes.
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
        os.killpg(process.pid, 9)  # its children too: one of them may hold the pipes open
        out, err = process.communicate()
        code = None
    return {"exit": code, "stdout": _printable(out, text), "stderr": _printable(err, text)}


def _printable(output: bytes, text: bool) -> str:
    if text:
        return output.decode(errors="backslashreplace")
    return base64.b64encode(output).decode()
