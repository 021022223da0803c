# SPDX-License-Identifier: Apache-2.0
"""Ask the kernel's matcher by itself: facts in, mask out, through BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from struct import Struct
from typing import Final

from model.facts import Container, Process
from tracee_ref.errors import HostCode, HostError
from tracee_ref.kernel.build.bpf_syscall import test_run
from tracee_ref.kernel.build.btf import Btf
from tracee_ref.kernel.build.program import Program
from tracee_ref.kernel.maps.cuckoo import hash_defines
from tracee_ref.kernel.maps.filter_maps import EVENTS, TableWriter
from tracee_ref.kernel.maps.layouts import PATH_SIZE, binary_key, container_bytes
from tracee_ref.tables import AcceptTables
from tracee_ref.tables.compile import program_key
from tracee_ref.tables.masks import VALUE_BYTES

ANCESTORS: Final = 8
QUESTION: Final = Struct(f"=QII 4I2Q{VALUE_BYTES}s{VALUE_BYTES}s4Q {ANCESTORS}I II32s")
"""``struct question`` of bpf/decisions.bpf.c up to its binary, which a flag may leave out."""

MASK: Final = Struct("=Q")

TRACER_PID: Final = 4242
"""The process id that stands for the tracer itself (rule 14)."""

VALUES: Final = "8192"
ROOMY: Final = {
    "EVENTS": str(EVENTS),
    "SETTINGS": "",
    "USE_NEW": "",
    "NEW_EQUAL": "setting(NEW_EQUAL_SETTING)",
    "NEW_EXCLUDED": "setting(NEW_EXCLUDED_SETTING)",
    **hash_defines(13),
    "USE_MNTNS": "",
    "MNTNS_UNASKED": "setting(MNTNS_SETTING)",
    "USE_PIDNS": "",
    "PIDNS_UNASKED": "setting(PIDNS_SETTING)",
    "USE_BINARY": "",
    "BINARY_PATH_SIZE": str(PATH_SIZE),
    "BINARY_VALUES": VALUES,
    "BINARY_UNASKED": "setting(BINARY_SETTING)",
    "USE_TREE": "",
    "TREE_VALUES": VALUES,
    "TREE_UNASKED": "setting(TREE_SETTING)",
    "USE_FOLLOW": "",
    "USE_CONTAINER": "",
    "CONTAINER_PREFIXES": VALUES,
    "CONTAINER_OUTSIDE": "setting(CONTAINER_SETTING)",
}
"""Sizes for a program whose tables are written many times, all kinds in use."""

ROOMY_SINGLE: Final = ROOMY | {
    "USE_UID": "",
    "UID_UNASKED": "setting(UID_SETTING)",
    "USE_PID": "",
    "PID_UNASKED": "setting(PID_SETTING)",
    "USE_COMM": "",
    "COMM_UNASKED": "setting(COMM_SETTING)",
    "USE_UTS": "",
    "UTS_UNASKED": "setting(UTS_SETTING)",
}
ROOMY_BEYOND: Final = ROOMY | {
    "USE_UID_INTERVALS": "",
    "UID_INTERVALS": "128",
    "UID_CHUNKS": "8",
    "USE_PID_INTERVALS": "",
    "PID_INTERVALS": "128",
    "PID_CHUNKS": "8",
    "USE_PATTERNS": "",
    "PATTERN_ROWS": "8192",
    "PATTERN_CLASSES": "256",
    "USE_COMM_PATTERNS": "",
    "COMM_UNASKED": "setting(COMM_SETTING)",
    "USE_UTS_PATTERNS": "",
    "UTS_UNASKED": "setting(UTS_SETTING)",
    "UTS_ROW": "setting(UTS_ROW_SETTING)",
}


class DecisionProgram:
    """The matcher with no tracing around it; its tables can be written again and again."""

    def __init__(self, sizes: Mapping[str, str], btf: Btf) -> None:
        self._program = Program("decisions.bpf.c", sizes, btf, tracer=TRACER_PID)
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
            raise HostError(
                HostCode.PROCESS,
                "decisions.bpf.c: a question was not understood; its layout differs",
            )
        mask: int = MASK.unpack_from(buffer)[0]
        return mask

    def close(self) -> None:
        """Unload the program."""
        self._program.close()


def container_parts(container: Container | None) -> tuple[bool, bool, bytes]:
    """Return what a question says of a container: whether there is one, if it is new, its id."""
    if container is None:
        return False, False, b""
    return True, container.new, container_bytes(container.id)


def question(event: int, process: Process, with_binary: bool) -> bytes:
    """Return a ``struct question`` about an event of the process."""
    pid = TRACER_PID if process.tracer else process.pid
    ancestry = sorted(process.ancestry)
    facts = (
        *(pid, process.tid, process.uid, process.new, process.mntns, process.pidns),
        *(process.comm, process.uts, 0, 0, process.followed, 0),
    )
    spare = [0] * (ANCESTORS - len(ancestry))
    container = container_parts(process.container)
    data = QUESTION.pack(0, event, len(ancestry), *facts, *ancestry, *spare, *container)
    if not with_binary:
        return data
    program = program_key(process.binary) if process.binary else (0, b"")
    return data + binary_key(*program)
