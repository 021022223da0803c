"""The tracer beside sockets that were there before it, and beside a container, on a guest."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.lab.oci import Container, make_root

ECHO = ("-n", "-c", "1", "127.0.0.1")
JSON = Path("/tmp/packets.json")


@handler
def beside(*, options: list[str], container: dict[str, str]) -> Reply:
    """What the tracer says of a packet to a socket that is older than it, and of two pings.

    Who has the socket waits for the packet since before the tracing, and shares the socket with
    an older process.  Of the pings one is in a container.  What went to a file is in ``json``.
    """
    make_root()
    old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    old.bind(("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        pid = waiter(old)
        with tracing([*options, "-o", f"json:{JSON}"]) as reply:
            other.sendto(b"hello", old.getsockname())
            os.waitpid(pid, 0)
            subprocess.run(["ping", *ECHO], check=True, stdout=subprocess.DEVNULL)
            Container(**container).run("/bin/ping", *ECHO[1:])
        reply |= {"json": JSON.read_text(), "waiter": pid, "port": old.getsockname()[1]}
    return reply


def waiter(into: socket.socket) -> int:
    """Return the id of a process that waits for one packet."""
    pid = os.fork()
    if pid == 0:
        Path("/proc/self/comm").write_text("waiter")
        into.recv(10)
        os._exit(0)
    return pid
