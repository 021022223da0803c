# SPDX-License-Identifier: Apache-2.0
"""TCP connections by their flags: retransmissions, reuse of ports, and ends."""

from __future__ import annotations

from typing import Any

from tracee_ref.packets import flows
from tracee_ref.packets.flows import BEGIN, CONNECT, FLOW_END, Flows
from tracee_ref.packets.headers import Packet
from tracee_ref.packets.types import IPv4, Tcp

HERE, THERE = ("10.0.0.1", 1000), ("10.0.0.2", 80)


def segment(names: str, *, incoming: bool = False, seq: int = 1, ack: int = 0) -> Packet:
    """Return a segment with the flags S, A, F and R."""
    source, target = (THERE, HERE) if incoming else (HERE, THERE)
    flags = {name: int(letter in names) for name, letter in
             (("syn", "S"), ("ack_flag", "A"), ("fin", "F"), ("rst", "R"))}  # fmt: skip
    header = Tcp(source[1], target[1], seq, ack, 5, psh=0, urg=0, ece=0, cwr=0, ns=0, window=1,
                 checksum=0, urgent=0, **flags)  # fmt: skip
    network = IPv4(4, 5, 0, 40, 0, 0, 0, 64, "TCP", 0, source[0], target[0])
    return Packet(incoming, "", 40, network, 6, False, 0, 0, header)


def kinds(*packets: Packet) -> list[Any]:
    state = Flows()
    steps = [state.step(packet) for packet in packets]
    return [step and (step.kind, step.direction, step.initiator) for step in steps]


def test_flow_outgoing() -> None:
    """The client's side: sent again, a SYN is no second attempt, a FIN no second end."""
    syn, answer = segment("S", seq=7), segment("SA", incoming=True, seq=50, ack=8)
    fin, last = segment("FA"), segment("FA", incoming=True)
    assert kinds(syn, syn, answer, answer, segment("A"), fin, fin, last) == [
        (CONNECT, "outgoing", HERE), None, (BEGIN, "outgoing", HERE), None, None,
        (FLOW_END, "outgoing", HERE), None, None,
    ]  # fmt: skip


def test_flow_incoming() -> None:
    """The server's side, whose SYN is no attempt of its own; a reset ends it, too."""
    syn, answer = segment("S", incoming=True, seq=7), segment("SA", seq=50, ack=8)
    assert kinds(syn, answer, answer, segment("RA", incoming=True)) == [
        None, (BEGIN, "incoming", THERE), None, (FLOW_END, "incoming", THERE),
    ]  # fmt: skip


def test_flow_answer_unseen() -> None:
    """Without its SYN+ACK, a connection begins with the first ACK of the side that asked for it."""
    syn, ack = segment("S", incoming=True, seq=7), segment("A", incoming=True, seq=8)
    late = segment("SA", seq=50, ack=8)
    assert kinds(syn, segment("A"), ack, ack, late, segment("FA")) == [
        None, None, (BEGIN, "incoming", THERE), None, None, (FLOW_END, "incoming", THERE),
    ]  # fmt: skip
    assert kinds(segment("S"), segment("A", incoming=True), segment("A")) == [
        (CONNECT, "outgoing", HERE), None, (BEGIN, "outgoing", HERE),
    ]  # fmt: skip
    assert kinds(segment("A"), segment("A", incoming=True)) == [None, None]


def test_flow_refused() -> None:
    """A refused attempt does not begin, and so does not end."""
    assert kinds(segment("S"), segment("RA", incoming=True), segment("FA")) == [
        (CONNECT, "outgoing", HERE), None, None,
    ]  # fmt: skip


def test_flow_ports_reused() -> None:
    """The same addresses with another first sequence number are another connection."""
    first, second = segment("S", seq=7), segment("S", seq=9)
    answers = (segment("SA", incoming=True, ack=ack) for ack in (8, 10))
    found = kinds(first, next(answers), second, next(answers))
    assert [step[0] for step in found] == [CONNECT, BEGIN, CONNECT, BEGIN]


def test_flow_limit(monkeypatch: Any) -> None:
    """A new connection makes us forget the oldest one."""
    monkeypatch.setattr(flows, "SIDES_MAX", 1)
    state, syn = Flows(), segment("S", seq=7)
    other = segment("S", incoming=True, seq=7)
    other.network.src_ip = "10.0.0.3"
    assert [bool(state.step(packet)) for packet in (syn, other, syn)] == [True, False, True]
