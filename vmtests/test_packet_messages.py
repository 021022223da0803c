# SPDX-License-Identifier: Apache-2.0
"""DNS and HTTP messages on each kernel, and their cost for other scopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

WORKLOAD = r"""
import socket, struct, time
DNS, WEB = 53, 8080

def case(name):
    with open("/proc/self/comm", "w") as file:
        file.write(name)

def query(number):
    return struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + b"\7example\3com\0\0\1\0\1"

def answer(number, count):
    record = b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + b"\1\2\3\4"
    head = struct.pack("!6H", number, 0x8180, 1, count, 0, 0)
    return head + query(number)[12:] + count * record

def framed(message):
    return struct.pack("!H", len(message)) + message

def udp(name, family, address, message, *options, target=DNS):
    case(name)
    server, client = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    for option in options:
        client.setsockopt(*option)
    server.bind((address, target))
    client.sendto(message, (address, target))
    server.recv(9000)
    client.close()
    server.close()

def tcp(name, family, address, port, *parts, options=()):
    case(name)
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    listening.listen()
    client = socket.socket(family)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option in options:
        client.setsockopt(*option)
    client.connect((address, port))
    server, _ = listening.accept()
    for part in parts:
        client.sendall(part)
        server.recv(len(part), socket.MSG_WAITALL)
    client.close()
    server.recv(1)
    server.close()
    listening.close()

FOUR, SIX = socket.AF_INET, socket.AF_INET6
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])
HOP = socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, PADDING
DESTINATION = socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, PADDING
ignored = bytes([30, 254, *bytes(254)]) # an option that receivers skip
LARGE = (
    socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS,
    bytes([0, 254]) + 7 * ignored + bytes([30, 244, *bytes(244)]),
)
udp("udp", FOUR, "127.0.0.77", query(1))
udp("options", FOUR, "127.0.0.77", query(1), (socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1\1\1\1"))
udp("udp6", SIX, "::1", query(1))
udp("hop", SIX, "::1", query(1), HOP)
udp("extensions", SIX, "::1", query(1), HOP, DESTINATION)
udp("large", SIX, "::1", query(1), LARGE)
udp("segments", FOUR, "127.0.0.77", query(1) + query(2), (socket.IPPROTO_UDP, 103, len(query(1))))
udp("answers", FOUR, "127.0.0.77", answer(1, 400))
one, two, long = framed(query(1)), framed(query(2)), framed(answer(3, 40))
tcp("tcp", FOUR, "127.0.0.78", DNS, one)
tcp("tcp6", SIX, "::1", DNS, one, options=[HOP])
tcp("length", FOUR, "127.0.0.79", DNS, one[:2], one[2:])
tcp("together", FOUR, "127.0.0.80", DNS, one + two)
tcp("continued", FOUR, "127.0.0.81", DNS, long[:300], long[300:])
tcp("bytes", FOUR, "127.0.0.82", DNS, *(bytes([byte]) for byte in one))
tcp("ended", FOUR, "127.0.0.83", DNS, long[:100])
GET = b"GET /x HTTP/1.1\r\nHost: me\r\n"
many = b"".join(b"X-%d: y\r\n" % number for number in range(150))
tcp("http", FOUR, "127.0.0.84", WEB, GET + b"\r\n")
tcp("many", FOUR, "127.0.0.85", WEB, b"GET /x HTTP/1.1\r\n" + many, b"Host: me\r\n\r\n")
tcp("method", FOUR, "127.0.0.86", WEB, *(bytes([byte]) for byte in b"BREW" + GET[3:] + b"\r\n"))
tcp("start", FOUR, "127.0.0.90", WEB, b"BREW", GET[3:] + many + b"\r\n")
tcp("tabs", FOUR, "127.0.0.94", WEB, b"GET\t/x\tHTTP/1.1\r\nHost: me\r\n" + many + b"\r\n")
tcp("pipelined", FOUR, "127.0.0.87", WEB, GET + b"\r\n" + GET[:9], GET[9:] + b"\r\n")
tcp("unfinished", FOUR, "127.0.0.88", WEB, GET)
tcp("long", FOUR, "127.0.0.89", WEB, GET + 9000 * b"a")

def raw(name, protocol, transport, fragment=0):
    case(name)
    sender = socket.socket(FOUR, socket.SOCK_RAW, socket.IPPROTO_RAW)
    addresses = bytes([127, 0, 0, 1, 127, 0, 0, 77])
    head = struct.pack("!BBHHHBBH", 0x46, 0, 0, 7, fragment, 64, protocol, 0) + addresses
    sender.sendto(head + b"\1\1\1\1" + transport, ("127.0.0.77", 0))
    sender.close()
    case(f"{name}6")
    sender = socket.socket(SIX, socket.SOCK_RAW, socket.IPPROTO_RAW)
    address = socket.inet_pton(SIX, "::1")
    following = struct.pack("!BBHI", protocol, 0, 1, 7) if fragment else b""
    first = 44 if fragment else protocol
    head = struct.pack("!IHBB", 6 << 28, len(following + transport), first, 64) + 2 * address
    sender.sendto(head + following + transport, ("::1", 0))
    sender.close()

def deferred(name, address, first, rest):
    case(name)
    listening = socket.create_server((address, WEB))
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 10)
    client.connect((address, WEB))
    client.sendall(first) # with the ACK of the handshake
    server, _ = listening.accept()
    server.recv(len(first), socket.MSG_WAITALL)
    client.sendall(rest)
    server.recv(len(rest), socket.MSG_WAITALL)
    client.close()
    server.close()
    listening.close()

def namespace(name):
    import ctypes, fcntl, os
    if os.fork():
        os.wait()
        return
    ctypes.CDLL(None).unshare(0x40000000) # CLONE_NEWNET
    probe = socket.socket(FOUR, socket.SOCK_DGRAM)
    for number, request in (
        (0x8923, struct.pack("16s16s", b"lo", name.encode())), # SIOCSIFNAME
        (0x8914, struct.pack("16sh14x", name.encode(), 1)), # SIOCSIFFLAGS
    ):
        fcntl.ioctl(probe, number, request)
    udp(name, FOUR, "127.0.0.1", query(1))
    os._exit(0)

AUTHENTICATION, UDP = 51, 17
def authenticated(following, transport, size=4):
    return struct.pack("!BBH", following, size, 0) + bytes(4 * size + 4) + transport

datagram = struct.pack("!4H", 5353, DNS, 8 + len(query(1)), 0) + query(1)
raw("authentic", AUTHENTICATION, authenticated(UDP, datagram))
nested = authenticated(AUTHENTICATION, authenticated(UDP, datagram, 255), 9)
raw("nested", AUTHENTICATION, nested)
raw("fragment", AUTHENTICATION, authenticated(UDP, datagram[:-5]), fragment=0x2000)
raw("broken", AUTHENTICATION, authenticated(UDP, datagram, 255)[:20])
POST = b"POST /x HTTP/1.1\r\nHost: me\r\nContent-Length: 20000\r\n\r\n" + 20000 * b"x"
tcp("posts", FOUR, "127.0.0.91", WEB, POST + 300 * (GET + b"\r\n") + POST + GET + b"\r\n")
deferred("deferred", "127.0.0.93", GET + b"X: " + 100 * b"y", 300 * b"\xff" + b"\r\n\r\n")
namespace("strange0")
tcp("queries", FOUR, "127.0.0.92", DNS, b"".join(framed(query(n)) for n in range(1500)))
"""

SINGLE = ["udp", "options", "udp6", "hop", "extensions", "large", "tcp", "tcp6", "length", "bytes"]
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    **{case: [(1, 0, None)] for case in SINGLE},
    "segments": [(1, 0, None), (2, 0, None)],
    "answers": [(1, 400, None)],
    "together": [(1, 0, None), (2, 0, None)],
    "continued": [(3, 40, None)],
    "ended": [(3, 4, "cut: 98 of 669 bytes")],
    "http": [("GET", "me", 0, None)],
    "many": [("GET", "me", 150, None)],
    "tabs": [("GET", "me", 150, None)],
    "start": [("BREW", "me", 150, None)],
    "method": [("BREW", "me", 0, None)],
    "pipelined": 2 * [("GET", "me", 0, None)],
    "unfinished": [("GET", "me", 0, "cut: the head: it does not end")],
    "long": [("GET", "me", 0, "cut: the head: it does not end")],
    "posts": [
        ("POST", "me", 1, None),
        *300 * [("GET", "me", 0, None)],
        ("POST", "me", 1, None),
        ("GET", "me", 0, None),
    ],
    "deferred": [("GET", "me", 1, None)],
    "strange0": [(1, 0, None)],
    "queries": [(number, 0, None) for number in range(1500)],
}
"""Messages of each case: id and answers of DNS, or method, host and headers of HTTP; the reason."""

SENT: dict[str, list[tuple[Any, ...]]] = {
    "authentic": [(1, 0, None)],
    "nested": [(1, 0, None)],
    "fragment": [(1, 0, "cut: 24 of 29 bytes")],
    "broken": [],
}
"""Messages of packets with authentication headers, which nobody receives."""


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    return trace(
        kernel,
        "-f event=net_packet_dns,net_packet_http,net_packet_dns_request -o json",
        python(WORKLOAD),
        cached=True,
    )


def messages(traced: Traced, case: str) -> Iterable[tuple[Any, ...]]:
    for event in traced.events:
        values = arguments(event)
        incomplete = values.get("incomplete")
        if event["processName"] == case and "proto_dns" in values:
            yield values["proto_dns"]["ID"], len(values["proto_dns"]["answers"]), incomplete
        elif event["processName"] == case and "proto_http" in values:
            http = values["proto_http"]
            yield http["method"], http["host"], len(http["headers"]), incomplete


@pytest.mark.parametrize("case", EXPECTED)
def test_messages(traced: Traced, case: str) -> None:
    """Each message is seen where it is sent and where it is received."""
    assert traced.status == 0, traced.stderr
    assert sorted(messages(traced, case), key=str) == sorted(2 * EXPECTED[case], key=str)


def test_messages_interface(traced: Traced) -> None:
    """An interface has its name in its own network namespace."""
    names = {
        arguments(event)["metadata"]["iface"]
        for event in traced.events
        if event["eventName"] == "net_packet_dns_request" and event["processName"] == "strange0"
    }
    assert names == {"strange0"}


DOWNLOAD = r"""
import socket, threading
SIZE = 500 << 20
listening = socket.create_server(("127.0.0.93", 0))

def serve():
    server, _ = listening.accept()
    for size in (SIZE, 0):
        server.recv(1000)
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            server.sendall(block)

thread = threading.Thread(target=serve)
thread.start()
client = socket.create_connection(listening.getsockname())
for size in (SIZE, 0):
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    received, buffer = -50, bytearray(1 << 20)
    while received < size - 20:
        received += client.recv_into(buffer)
thread.join()
"""


@pytest.mark.host_only
def test_messages_around_large_body(kernel: Kernel) -> None:
    """A body that is larger than the buffer takes no room of packets, nor of messages."""
    traced = trace(kernel, "-f event=net_packet_http -o json --buffer 16", python(DOWNLOAD))
    assert traced.status == 0, traced.stderr
    assert traced.account.lost == 0
    found = [
        (arguments(e)["proto_http"]["direction"], arguments(e).get("incomplete"))
        for e in traced.events
    ]
    assert sorted(found) == 4 * [("request", None)] + 4 * [("response", None)]


@pytest.mark.parametrize("family", ["", "6"])
@pytest.mark.parametrize("case", SENT)
def test_messages_authenticated(traced: Traced, case: str, family: str) -> None:
    """Authentication headers are skipped in both families."""
    assert [*messages(traced, f"{case}{family}")] == SENT[case]


FLOOD = r"""
import os, socket, struct, time
name = b"".join(b"\1a" for _ in range(120)) + b"\0"
record = b"\xc0\x0c" + struct.pack("!2HIH", 2, 1, 1, 2) + b"\xc0\x0c"
bomb = struct.pack("!6H", 1, 0x8180, 1, 270, 0, 0) + name + b"\0\1\0\1" + 270 * record
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(60):
    try:
        sender.sendto(bomb, ("127.0.0.77", 53))
    except ConnectionRefusedError:
        pass
for _ in range(20):
    for _ in range(500):
        os.getppid()
    time.sleep(0.1)
"""


@pytest.mark.host_only
def test_messages_cost_other_scopes_nothing(kernel: Kernel) -> None:
    """Costly packets of one scope take no event of another, whose buffer has 3,600 records."""
    options = "-f 1:event=net_packet_dns -f 2:event=getppid -o none --buffer 1"
    traced = trace(kernel, options, python(FLOOD))
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert traced.account.delivered == 10_000
    assert traced.account.lost == 0
