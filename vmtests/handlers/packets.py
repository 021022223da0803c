# SPDX-License-Identifier: Apache-2.0
"""Packet events of sockets older than the tracer and of a container, in a guest."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.lab.oci import Container, make_root

ECHO = ("-n", "-c", "1", "127.0.0.1")


@handler
def beside(*, options: list[str], container: dict[str, str]) -> Reply:
    """Trace a packet to a socket that is older than the tracer, and pings on host and container.

    The receiver waits for the packet since before the tracing and inherited the socket from its
    parent.  ``json`` of the reply is the tracer's JSON output, which goes to a file.
    """
    make_root()
    old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    old.bind(("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        pid = waiter(old)
        file = Path(tempfile.mkdtemp()) / "packets.json"
        with tracing([*options, "-o", f"json:{file}"]) as reply:
            other.sendto(b"hello", old.getsockname())
            os.waitpid(pid, 0)
            subprocess.run(["ping", *ECHO], check=True, stdout=subprocess.DEVNULL)
            Container(**container).run("/bin/ping", *ECHO[1:])
        reply |= {"json": file.read_text(), "waiter": pid, "port": old.getsockname()[1]}
    return reply


def waiter(into: socket.socket) -> int:
    """Fork a process that waits for one packet; return its id."""
    pid = os.fork()
    if pid == 0:
        Path("/proc/self/comm").write_text("waiter")
        into.recv(10)
        os._exit(0)
    return pid
