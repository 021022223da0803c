# SPDX-License-Identifier: Apache-2.0
"""Packet events on each kernel: attribution, contents, and masks."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.model.facts import Event, Process
from tracee_ref.model.filters import Binary
from tracee_ref.model.match import matched_scopes
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

WORKLOAD = """
import json, os, socket, struct
facts, local = {}, ("127.0.0.1", 0)

def set_comm(name):
    with open("/proc/self/comm", "w") as file:
        file.write(name)

def child(name, work):
    pid = os.fork()
    if pid == 0:
        signal.alarm(100)
        set_comm(name)
        work()
        os._exit(0)
    return pid

def udp(*address):
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(address or local)
    return bound, bound.getsockname()[1]

# A process that hangs prints its stack.
import faulthandler, signal
faulthandler.register(signal.SIGALRM, chain=True)
signal.alarm(120)

set_comm("sender")
out, facts["sender"] = udp()

# A socket used by a child, which waits for a packet that arrives while another process runs.
into, facts["receiver"] = udp()
ready, started = os.pipe()
def receive():
    os.write(started, b"x")
    into.recv(10)
    into.sendto(b"back", ("127.0.0.1", facts["sender"]))
pid = child("receiver", receive)
os.read(ready, 1)
import time; time.sleep(0.3)
out.sendto(b"hello", ("127.0.0.1", facts["receiver"]))
os.waitpid(pid, 0)
out.recv(10)

# A connection that is accepted by one process and served by another.
listening = socket.socket()
listening.bind(local)
listening.listen()
facts["served"] = listening.getsockname()[1]
def listen():
    accepted, _ = listening.accept()
    os.write(started, b"x")
    time.sleep(0.6)
    def serve():
        accepted.recv(2000)
        accepted.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
        accepted.recv(1000)
    pid = child("worker", serve)
    accepted.close()
    os.waitpid(pid, 0)
pid = child("listener", listen)
time.sleep(0.3)
client = socket.create_connection(("127.0.0.1", facts["served"]))
facts["client"] = client.getsockname()[1]
os.read(ready, 1) # on another CPU the next connection could be accepted first
early = socket.create_connection(("127.0.0.1", facts["served"])) # never accepted
facts["early"] = early.getsockname()[1]
early.sendall(b"early")
time.sleep(0.3)
long = b"X-Long: " + 1000 * b"a" + b"\\r\\n"
client.sendall(b"GET /x HTTP/1.1\\r\\nHost: me\\r\\n" + long + b"\\r\\n")
client.recv(2000)
client.close()
os.waitpid(pid, 0)

# DNS, a query and its answer.
query = bytes.fromhex("123401000001000000000000") + b"\\7example\\3com\\0\\0\\1\\0\\1"
answer = bytes.fromhex("123485800001000100000000") + query[12:]
answer += bytes.fromhex("c00c0001000100000005000401020304")
server, _ = udp("127.0.0.77", 53)
out.sendto(query, ("127.0.0.77", 53))
_, client_address = server.recvfrom(1000)
server.sendto(answer, client_address)
out.recv(1000)

# ICMP echoes, and truncated messages and headers.
echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
echo.setsockopt(255, 1, struct.pack("I", 0xfffffffe)) # ICMP_FILTER: only replies, as ping does
set_comm("echo")
echo.sendto(struct.pack("!BBHHH", 8, 0, 0xf7ff - 22 - 1, 22, 1), local)
echo.recv(100)
echo6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
echo6.sendto(struct.pack("!BBHHH", 128, 0, 0, 22, 1), ("::1", 0))
set_comm("broken")
echo.sendto(b"\\10\\0", local)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def send_raw(protocol, fragment, data):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 0, 5, fragment, 64, protocol, 0)
    raw.sendto(head + socket.inet_aton("127.0.0.1") * 2 + data, local)
send_raw(6, 0, b"abc")
send_raw(17, 0, b"abcd")
send_raw(17, 0x2000, struct.pack("!4H", 53, 53, 16, 0) + b"\\xc0\\x0c" * 4)
send_raw(17, 0x0001, b"remainder")
print("facts", json.dumps(facts))
"""

PYTHON = os.path.realpath("/usr/bin/python3")
FORKED = ("receiver", "listener", "worker")
FLAGS = [
    "2:event=net_packet_*",
    "3:event=net_packet_udp,net_packet_icmp,net_packet_http", "3:comm=receiver,worker",
    "5:event=net_packet_icmp", "5:comm=echo",
    "6:event=net_packet_ipv4,net_packet_dns_request", "6:comm=sender",
    "7:event=net_packet_tcp", "7:comm!=sender",
    "8:event=net_packet_tcp", "8:uid!=0",
    "9:event=net_packet_udp,net_packet_icmp", f"9:binary={PYTHON}", "9:uid=0",
    "10:event=net_packet_ipv6,net_packet_dns", "10:pid=new", "10:!container",
    "11:event=net_packet_icmpv6", "11:binary=/usr/bin/nothing",
    "12:event=net_packet_udp,net_packet_tcp", "12:comm=sender", "12:follow",
    "64:event=net_packet_http_request,net_packet_tcp", "64:comm=work*,lis*",
]  # fmt: skip
SCOPES = parse_filters(FLAGS, load_catalogue())
OPTIONS = " ".join(f"-f {flag}" for flag in FLAGS) + " -o json"


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    """Trace the workload once per kernel, because a start of the tracer is slow."""
    return trace(kernel, OPTIONS, python(WORKLOAD), cached=True)


def facts_of(traced: Traced) -> dict[str, int]:
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    facts: dict[str, int] = json.loads(line.removeprefix("facts "))
    return facts


def seen(traced: Traced, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return comm and arguments of each event with a name."""
    name = f"net_packet_{name}"
    return [(e["processName"], arguments(e)) for e in traced.events if e["eventName"] == name]


def owners(traced: Traced, name: str, source: int, target: int) -> list[str]:
    """Return the comms of the owners of the packets between two ports."""
    ports = source, target
    found = seen(traced, name)
    return [comm for comm, values in found if (values["src_port"], values["dst_port"]) == ports]


def test_packets_all_counted(traced: Traced) -> None:
    """All packets are counted, none is lost."""
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert traced.account.seen == traced.account.dependencies > 20
    assert traced.account.dropped == traced.account.lost == 0


def test_packets_masks(traced: Traced) -> None:
    """Each mask is that of the socket owner and the event (rule 15)."""
    for event in traced.events:
        comm = event["processName"]
        process = Process(
            pid=event["hostProcessId"],
            tid=event["hostThreadId"],
            uid=event["userId"],
            comm=comm.encode(),
            binary=Binary(PYTHON.encode(), event["mountNamespace"]),
            new=True,
            followed=1 << 11 if comm in FORKED else 0,
        )
        expected = matched_scopes(SCOPES, Event(event["eventName"], process))
        assert (event["eventName"], event["matchedScopes"]) == (event["eventName"], expected)
    names = {event["eventName"] for event in traced.events}
    assert names == {name for name in load_catalogue() if name.startswith("net_packet_")}


def test_packets_attributed_to_socket_owner(traced: Traced) -> None:
    """A packet belongs to the owner of its socket, not to the current task."""
    facts = facts_of(traced)
    assert owners(traced, "udp", facts["sender"], facts["receiver"]) == ["sender", "receiver"]
    assert owners(traced, "udp", facts["receiver"], facts["sender"]) == ["receiver", "sender"]


def test_packets_of_connections(traced: Traced) -> None:
    """Packets belong to the listener before accept, then to the last user of the connection."""
    facts = facts_of(traced)
    client, served = facts["client"], facts["served"]
    requests = owners(traced, "tcp", client, served)
    assert requests[:2] == ["sender", "listener"]
    assert requests[0::2].count("sender") == len(requests[0::2])
    replies = owners(traced, "tcp", served, client)
    assert replies[:2] == ["listener", "sender"]
    assert {*replies} == {"listener", "worker", "sender"}
    early = owners(traced, "tcp", facts["early"], served)
    assert early[:6] == 3 * ["sender", "listener"]
    # The listener has accepted the connection, and no process has used it yet.
    assert owners(traced, "http", client, served) == ["sender", "listener"]
    assert owners(traced, "http", served, client) == ["worker", "sender"]
    (request, *_), (response, *_) = seen(traced, "http_request"), seen(traced, "http_response")
    assert request[1]["http_request"] == {
        "method": "GET", "protocol": "HTTP/1.1", "host": "me", "uri_path": "/x",
        "headers": {"X-Long": [1000 * "a"]}, "content_length": 0,
    }  # fmt: skip
    assert response[1]["http_response"]["status"] == "200 OK"
    flags = [values["proto_tcp"] for _, values in seen(traced, "tcp")]
    assert [tcp["SYN"] for tcp in flags[:5]] == [1, 1, 1, 1, 0]
    ends = [tcp for tcp in flags if tcp["FIN"] and client in (tcp["srcPort"], tcp["dstPort"])]
    assert len(ends) == 4


def test_packets_after_close(traced: Traced) -> None:
    """Packets after a close belong to the last owner of the socket."""
    facts = facts_of(traced)
    ends = [
        comm
        for comm, values in seen(traced, "tcp")
        if values["proto_tcp"]["FIN"] and values["src_port"] == facts["client"]
    ]
    assert ends == ["sender", "worker"]


def test_packets_dns(traced: Traced) -> None:
    """A DNS query and its answer are decoded."""
    (_, request), _ = seen(traced, "dns_request")
    assert request["dns_questions"] == [
        {"query": "example.com", "query_type": "A", "query_class": "IN"}
    ]
    assert request["metadata"]["dst_ip"] == "127.0.0.77"
    (_, response), _ = seen(traced, "dns_response")
    (answered,) = response["dns_response"]
    assert answered["dns_answer"] == [{"answer_type": "A", "ttl": 5, "answer": "1.2.3.4"}]


def test_packets_icmp_echo(traced: Traced) -> None:
    """Echo requests and replies are decoded and attributed."""
    rows = [(comm, values["proto_icmp"]["typeCode"]) for comm, values in seen(traced, "icmp")]
    assert rows == [("echo", "EchoRequest"), ("echo", "EchoReply")]
    rows = [(comm, values["proto_icmpv6"]["typeCode"]) for comm, values in seen(traced, "icmpv6")]
    assert Counter(rows) == {("echo", "EchoRequest"): 2, ("echo", "EchoReply"): 1}
    echoes = [values["proto_icmp"] for _, values in seen(traced, "icmp")]
    assert echoes[0] == {"typeCode": "EchoRequest", "checksum": 63464, "id": 22, "seq": 1}


def test_packets_truncated(traced: Traced) -> None:
    """Truncated headers and later fragments are decoded as far as they go."""
    broken = [values["proto_ipv4"] for comm, values in seen(traced, "ipv4") if comm == "broken"]
    assert [(ip["protocol"], ip["fragOffset"], ip["flags"]) for ip in broken] == [
        ("ICMPv4", 0, 2), ("TCP", 0, 0), ("UDP", 0, 0), ("UDP", 0, 1), ("UDP", 1, 0),
    ]  # fmt: skip
    ports = [values["src_port"] for comm, values in seen(traced, "udp") if comm == "broken"]
    assert ports == [53]
    others = {e["eventName"] for e in traced.events if e["processName"] == "broken"}
    assert others <= {"net_packet_ipv4", "net_packet_udp", "net_packet_dns"}
