# SPDX-License-Identifier: Apache-2.0
"""TCP connections as events: attempts, beginnings, ends, and accepted sockets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

WORKLOAD = """
import ctypes, json, os, socket
libc = ctypes.CDLL(None)
facts = {"here": os.getpid(), "flows": [], "accepted": []}
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.create_server((address, 0), family=family)
    port = server.getsockname()[1]
    child = os.fork()
    if child == 0:
        libc.prctl(15, b"connecting", 0, 0, 0)
        client = socket.create_connection((address, port))
        client.send(b"x")
        client.recv(1)
        os._exit(0)
    accepted, peer = server.accept()
    facts["flows"].append([child, address, peer[1], port])
    facts["accepted"].append([server.fileno(), accepted.fileno(), peer[1], port])
    accepted.recv(1)
    accepted.close()
    os.wait()
    server.close()
facts["refused"] = port
try: socket.create_connection((address, port))
except OSError: pass
unix = socket.socket(socket.AF_UNIX)
unix.bind("\\0accepting")
unix.listen(1)
unix.setblocking(False)
try: unix.accept()
except OSError: pass
print("facts", json.dumps(facts))
"""
FLAGS = (
    "-f 1:event=net_tcp_connect,net_flow_tcp_begin,net_flow_tcp_end,socket_accept"
    " -f 2:event=net_flow_tcp_begin -f 2:comm=connecting"
    " -f 3:event=net_flow_tcp_end -f 3:net_flow_tcp_end.args.conn_direction=incoming"
    " -f 4:event=net_packet_tcp -f 4:comm=nobody -o json"
)


def facts_of(traced: Traced) -> dict[str, Any]:
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    facts: dict[str, Any] = json.loads(line.removeprefix("facts "))
    return facts


def found(traced: Traced, event: str) -> list[tuple[int, int, dict[str, Any]]]:
    """Return process, mask and arguments of the events with a name."""
    return [
        (e["hostProcessId"], e["matchedScopes"], arguments(e))
        for e in traced.events
        if e["eventName"] == event
    ]


@pytest.mark.oldest_and_newest
def test_flow_events(kernel: Kernel) -> None:
    """Both sides of a connection have its beginning and its end, the client the attempt."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    facts = facts_of(traced)
    attempts = [(child, 1, address, port) for child, address, _, port in facts["flows"]]
    attempts.append((facts["here"], 1, "::1", facts["refused"]))
    connects = found(traced, "net_tcp_connect")
    assert [(pid, mask, a["dst"], a["dst_port"]) for pid, mask, a in connects] == attempts
    for event, bits in (("net_flow_tcp_begin", (0, 2)), ("net_flow_tcp_end", (4, 0))):
        sides = [
            (pid, 1 | bit, side, address, address, source, target)
            for child, address, source, target in facts["flows"]
            for pid, side, bit in (
                (facts["here"], "incoming", bits[0]),
                (child, "outgoing", bits[1]),
            )
        ]
        names = ("conn_direction", "src", "dst", "src_port", "dst_port")
        events = found(traced, event)
        assert sorted((pid, mask, *(a[n] for n in names)) for pid, mask, a in events) == sorted(
            sides
        )
        assert all((a["src_dns"], a["dst_dns"]) == ([], []) for _, _, a in events)
    assert traced.account.balances()


@pytest.mark.oldest_and_newest
def test_socket_accept(kernel: Kernel) -> None:
    """An accepted socket has its addresses; a failed accept gives no event."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    facts = facts_of(traced)
    events = [e for e in traced.events if e["eventName"] == "socket_accept"]
    assert [
        (a["sockfd"], e["returnValue"], ports(a["remote_addr"]), ports(a["local_addr"]))
        for e in events
        for a in [arguments(e)]
    ] == [(*fds, peer, port) for *fds, peer, port in facts["accepted"]]
    assert [e["syscall"] for e in events] == ["accept4", "accept4"]
    assert arguments(events[0])["local_addr"]["sin_addr"] == "127.0.0.1"
    assert arguments(events[1])["remote_addr"]["sin6_addr"] == "::1"


def ports(address: dict[str, str]) -> int:
    return int(address.get("sin_port") or address["sin6_port"])
