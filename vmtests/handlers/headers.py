# SPDX-License-Identifier: Apache-2.0
"""Walk of the BPF programs over the headers of packets, under BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from struct import Struct
from typing import Final

from tracee_ref.derivation.graph import kernel_scopes
from tracee_ref.events.catalogue import all_events, load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.attach.features import types
from tracee_ref.kernel.build.program import Program
from tracee_ref.kernel.plan import KernelPlan, Settings
from vmtests.decision_program import run_program
from vmtests.handlers import Reply, handler

SOURCE: Final = Path(__file__).parents[1] / "headers.bpf.c"
PACKET: Final = Struct("=9I2H")
"""``struct packet`` of bpf/events/packets.h."""

ETHERTYPES: Final = {4: b"\x08\x00", 6: b"\x86\xdd"}
REPEAT: Final = 100
TRIES: Final = 3
"""Runs of a packet, of which the least time counts: others may be interrupted."""


@handler
def walk(*, packets: list[str]) -> Reply:
    """Return ``struct packet`` of each packet (hexadecimal), and the time that one took (ns)."""
    program = walker()
    function, walked = program.load("walk", "CGROUP_SKB"), program.map_fd("walked")
    found, durations = [], []
    for packet in map(bytes.fromhex, packets):
        frame = bytes(12) + ETHERTYPES.get(packet[0] >> 4, bytes(2)) + packet
        buffer = ctypes.create_string_buffer(frame, len(frame))
        durations.append(min(run_program(function, buffer, REPEAT)[1] for _ in range(TRIES)))
        found.append(PACKET.unpack(program.lookup(walked, bytes(4), PACKET.size) or b""))
    return {"found": found, "durations": durations}


@cache
def walker() -> Program:
    scopes = kernel_scopes(parse_filters(["event=net_packet_http"], load_catalogue()), all_events())
    plan = KernelPlan(Settings(scopes=scopes))
    constants = {
        name: value for owned in plan.constants().values() for name, value in owned.items()
    }
    text = SOURCE.read_text(encoding="utf-8")
    return Program(SOURCE.name, text, constants, types(), plan.structures())
