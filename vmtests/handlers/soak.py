# SPDX-License-Identifier: Apache-2.0
"""Long run of the default set under a mixed load."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

SAMPLES = 20
"""Number of samples of the tracer's memory, over the whole run."""

LOAD = r"""
import http.server, os, socket, subprocess, sys, threading, urllib.request
directory = sys.argv[1]
file = directory + "/file"
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
server.RequestHandlerClass.log_message = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()
query = bytes.fromhex("0001010000010000000000000474657374056c6f63616c0000010001")
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
while True:
    open(file, "w").write("text")
    os.chmod(file, 0o600)
    os.chown(file, 0, 0)
    os.unlink(file)
    os.close(os.memfd_create("soak"))
    os.setuid(0)
    subprocess.run(["/bin/sh", "-c", "/bin/true; /bin/true"], check=True)
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read()
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, ("127.0.0.1", 53))
    names.recv(512)
"""
"""All actions of a round but the write to the file are in the default set."""


@handler
def run(*, seconds: float) -> Reply:
    """Trace without flags; return the tracer's output, memory samples (KiB) and event count."""
    with TemporaryDirectory(prefix="tracee-ref-") as directory:
        events = Path(directory) / "events.json"
        load = subprocess.Popen([sys.executable, "-c", LOAD, directory], cwd=directory)
        try:
            with tracing(["-o", f"json:{events}"]) as reply:
                memory = [sample(reply["pid"], seconds / SAMPLES) for _ in range(SAMPLES)]
                healthy = load.poll() is None
        finally:
            load.kill()
            load.wait()
        with events.open("rb") as file:
            lines = sum(1 for _ in file)
    return {**reply, "memory": memory, "lines": lines, "healthy": healthy}


def sample(pid: int, seconds: float) -> int:
    """Sleep, then return the resident memory of a process in KiB."""
    time.sleep(seconds)
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0])
