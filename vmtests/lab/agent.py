# SPDX-License-Identifier: Apache-2.0
"""Agent that runs requests on a kernel: in a guest, or on this machine.

One JSON object a line.  Input: ``{"id", "request", "arguments"}``.  Output: ``{"id", "result"}`` or
``{"id", "error"}``; the first line of output, with id 0, reports that the agent is up.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from vmtests.handlers import find
from vmtests.lab.compile_server import GUEST_DIRECTORY, use_compile_server

COMPILE_SERVER = "--compile-server"
"""Option of a guest that shares a directory with the compile server."""


def _answer(message: dict[str, Any]) -> dict[str, Any]:
    """Call the handler of a request; return its result, or its traceback as an error."""
    try:
        result = find(message["request"])(**message.get("arguments", {}))
    except Exception:
        return {"id": message.get("id"), "error": traceback.format_exc()}
    return {"id": message.get("id"), "result": result}


def _private_stdout() -> IO[str]:
    """Return a copy of stdout for answers; redirect fd 1 to stderr, for handlers and children."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return channel


def _private_stdin() -> IO[str]:
    channel = os.fdopen(os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    return channel


def main() -> None:
    """Answer requests until one is ``shutdown`` or the input ends."""
    if sys.argv[1:] == [COMPILE_SERVER]:
        use_compile_server(Path(GUEST_DIRECTORY))
    requests, answers = _private_stdin(), _private_stdout()
    sys.stdout = sys.stderr
    message: dict[str, Any] = {"id": 0, "request": "basic.uname"}
    while True:
        print(json.dumps(_answer(message)), file=answers, flush=True)
        if not (line := requests.readline()):
            return
        message = json.loads(line)
        if message["request"] == "shutdown":
            return


if __name__ == "__main__":
    main()
