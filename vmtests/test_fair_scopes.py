# SPDX-License-Identifier: Apache-2.0
"""Floods of one scope's events, which take no event of another scope."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, python, run, trace

RARE = 1000
"""Events of the scope that is not to lose any.

They fit into its share of the smallest buffer, however slow the reader is in a guest.
"""

WORKLOAD = r"""
import os, time
flood, pids = {flood}, []
for _ in range({floods}):
    pid = os.fork()
    if not pid:
        while os.getppid() != 1:
            for _ in range(1000):
                flood()
    pids.append(pid)
for _ in range(200):
    for _ in range(5):
        {rare}
    time.sleep(0.01)
for pid in pids:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
"""


def workload(flood: str, rare: str, floods: int = 2) -> list[str]:
    return python(WORKLOAD.format(flood=f"lambda: {flood}", rare=rare, floods=floods))


def test_flood_filtered_in_user_space(kernel: Kernel) -> None:
    """Every event of the flood is decoded to be filtered, which takes longer than the call."""
    options = "-f 1:event=getpgid -f 1:getpgid.args.pid=77 -f 2:event=getsid -o none --buffer 1"
    traced = trace(kernel, options, workload("os.getpgid(0)", "os.getsid(0)"))
    assert traced.status == 0, traced.stderr
    account = traced.account
    assert account.balances()
    assert account.delivered == RARE
    assert f"{account.lost} events lost (scope 1: {account.lost}): " in traced.stderr


@pytest.mark.host_only  # outputs are the same on every kernel
def test_flood_of_slow_output(kernel: Kernel, tmp_path: Path) -> None:
    """An output that is read slowly has the lines of the other scope."""
    fifo, lines = tmp_path / "fifo", tmp_path / "lines"
    reader = (
        "import os, sys, time\n"
        "while data := os.read(0, 1 << 16): os.write(1, data); time.sleep(0.02)"
    )
    command = workload("os.getpgid(0)", "os.getsid(0)", floods=1)
    tracer = [TRACEE_REF, "-f", "1:event=getpgid", "-f", "2:event=getsid", "--buffer", "1"]
    tracer += ["-o", f"json:fifo:{fifo}", "--", *command]
    script = (
        f"mkfifo {fifo}; {shlex.join(python(reader))} <{fifo} >{lines} & {shlex.join(tracer)}; wait"
    )
    traced = run(kernel, ["bash", "-c", script])
    assert "lines lost" in traced.stderr, "the output was fast"
    assert traced.account.balances()
    assert lines.read_text().count('"eventName":"getsid"') == RARE, traced.stderr


PACKETS = r"""
import os, signal, socket, time

def sender(name):
    with open("/proc/self/comm", "w") as file:
        file.write(name)
    receiver, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1", 0))
    address, data = receiver.getsockname(), bytes(100)
    return lambda: client.sendto(data, address) and receiver.recv(100)

pid = os.fork()
if not pid:
    send = sender("flood")
    while os.getppid() != 1:
        send()
send = sender("rare")
for _ in range(125):
    send()
    send()
    time.sleep(0.02)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
"""


def test_flood_of_packets(kernel: Kernel) -> None:
    """Packets have a ring buffer of their own, and the same shares of it."""
    scopes = "-f 1:event=net_packet_udp -f 1:comm=flood -f 2:event=net_packet_udp -f 2:comm=rare"
    traced = trace(kernel, f"{scopes} -o json --buffer 1", python(PACKETS))
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert "packets, or events for signatures, not read" not in traced.stderr
    rare = [event for event in traced.events if event["processName"] == "rare"]
    assert len(rare) == 2 * 250  # sent, and received


BESIDE_PACKETS = r"""
import os, signal, socket, time
pid = os.fork()
if not pid:
    while os.getppid() != 1:
        os.getpgid(0)
receiver, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
receiver.bind(("127.0.0.1", 0))
address = receiver.getsockname()
for _ in range(500):
    for _ in range(10):
        client.sendto(b"rare", address)
        receiver.recv(10)
    time.sleep(0.01)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
"""


@pytest.mark.host_only
def test_flood_beside_packets(kernel: Kernel) -> None:
    """The buffer of packets is read in time, although the other one is always full."""
    scopes = "-f 1:event=getpgid -f 1:getpgid.args.pid=77 -f 2:event=net_packet_udp"
    traced = trace(kernel, f"{scopes} -o none --buffer 1", python(BESIDE_PACKETS))
    assert traced.status == 0, traced.stderr
    lost = traced.account.lost
    assert f"{lost} events lost (scope 1: {lost}): " in traced.stderr
    assert "derived events: 10000 = delivered 10000 " in traced.stderr
