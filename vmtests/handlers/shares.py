# SPDX-License-Identifier: Apache-2.0
"""Shares of scopes as the BPF programs compute them, under BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from struct import Struct, pack
from typing import Final

from tracee_ref.abi import SHARES, Ring
from tracee_ref.kernel.attach.features import types
from tracee_ref.kernel.build.program import Program
from tracee_ref.kernel.maps.write import write_entries
from tracee_ref.kernel.plan import share_defines
from vmtests.decision_program import run_program
from vmtests.handlers import Reply, handler

SOURCE: Final = Path(__file__).parents[1] / "shares.bpf.c"
QUESTION: Final = Struct("=4Q")
"""``struct question`` of shares.bpf.c."""


@handler
def admitted(*, scopes: int, capacity: int, records: list[list[int]]) -> Reply:
    """Return for each record (mask, size, position of the reader) whether it may be written."""
    program = loaded(scopes, capacity)
    empty = {pack("I", Ring.RECORDS): bytes(SHARES.struct.size)}
    write_entries(program, "ring_shares", empty)
    function = program.load("charge", "SCHED_CLS")
    return {"admitted": [charge(function, *record) for record in records]}


@cache
def loaded(scopes: int, capacity: int) -> Program:
    return Program(SOURCE.name, SOURCE.read_text(), share_defines(scopes, capacity), types())


def charge(function: int, mask: int, size: int, position: int) -> bool:
    data = QUESTION.pack(mask, size, position, 0)
    buffer = ctypes.create_string_buffer(data, len(data))
    assert run_program(function, buffer, 1)[0] == 0
    return bool(QUESTION.unpack(buffer.raw)[-1])
