"""Ask the kernel's matcher by itself: facts in, mask out, through BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from struct import Struct
from typing import Final

from model.facts import Process

from ..errors import HostError
from ..tables import AcceptTables
from .accept import COMM_SIZE, EVENTS, PATH_SIZE, TableWriter, binary_key
from .bpf_syscall import test_run
from .btf import Btf
from .program import Program

QUESTION: Final = Struct(f"=QI4xIII{COMM_SIZE}s4xQ")
"""``struct question`` of bpf/decisions.bpf.c up to its binary, which a flag may leave out."""

MASK: Final = Struct("=Q")

TRACER_PID: Final = 4242
"""The process id that stands for the tracer itself (rule 14)."""

ROOMY: Final = {
    "EVENTS": str(EVENTS),
    "SETTINGS": "",
    "USE_UID": "",
    "UID_INTERVALS": "1024",
    "USE_PID": "",
    "PID_INTERVALS": "1024",
    "USE_BINARY": "",
    "BINARY_PATH_SIZE": str(PATH_SIZE),
    "BINARY_VALUES": "1024",
    "BINARY_UNASKED": "setting(BINARY_UNASKED_SETTING)",
}
"""Sizes for a program whose tables are written many times, all kinds in use."""

ROOMY_EXACT: Final = ROOMY | {
    "USE_COMM": "",
    "COMM_VALUES": "1024",
    "COMM_OTHERWISE": "setting(COMM_SETTING)",
}
ROOMY_PATTERNS: Final = ROOMY | {
    "USE_COMM_PATTERNS": "",
    "COMM_ROWS": "4096",
    "COMM_CLASSES": "256",
    "COMM_UNASKED": "setting(COMM_SETTING)",
}


class DecisionProgram:
    """The matcher with no tracing around it; its tables can be written again and again."""

    def __init__(self, sizes: Mapping[str, str], btf: Btf) -> None:
        self._program = Program("decisions.bpf.c", {**sizes, "TRACER_PID": str(TRACER_PID)}, btf)
        self._function = self._program.load("decide", "SCHED_CLS")
        self._with_binary = "USE_BINARY" in sizes
        self._writer = TableWriter(self._program, sizes)

    def fill(self, tables: AcceptTables, events: Mapping[str, int]) -> None:
        """Replace the tables; ``events`` gives each event's number."""
        self._writer.clear()
        self._writer.write(tables)
        self._writer.select({events[name]: mask for name, mask in tables.select.items()})

    def ask(self, event: int, process: Process) -> int:
        """Return the mask that the kernel computes for an event of the process."""
        data = question(event, process, self._with_binary)
        buffer = ctypes.create_string_buffer(data, len(data))
        if test_run(self._function, buffer):
            raise HostError("decisions.bpf.c: a question was not understood; its layout differs")
        mask: int = MASK.unpack_from(buffer)[0]
        return mask

    def close(self) -> None:
        """Unload the program."""
        self._program.close()


def question(event: int, process: Process, with_binary: bool) -> bytes:
    """Return a ``struct question`` about an event of the process."""
    pid = TRACER_PID if process.tracer else process.pid
    data = QUESTION.pack(0, event, pid, process.tid, process.uid, process.comm, 0)
    if not with_binary:
        return data
    binary = process.binary
    return data + (binary_key(binary.mntns or 0, binary.path) if binary else binary_key(0, b""))
