"""The default set for a long time, under a load of many kinds."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

SAMPLES = 20
"""Of the tracer's memory, over the whole time."""

LOAD = r"""
import http.server, os, socket, subprocess, sys, threading, urllib.request
place = sys.argv[1]
file = place + "/file"
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
"""What each round does is in the default set, but for the text of the file."""


@handler
def run(*, seconds: float) -> Reply:
    """Trace with no flags for a time: what the tracer wrote, its memory (KiB), and its lines."""
    with TemporaryDirectory(prefix="tracee-ref-") as place:
        events = Path(place) / "events.json"
        load = subprocess.Popen([sys.executable, "-c", LOAD, place], cwd=place)
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
    """Wait, then return a process's resident memory in KiB."""
    time.sleep(seconds)
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0])
