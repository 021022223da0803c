# SPDX-License-Identifier: Apache-2.0
"""Matcher of the kernel side without hooks, run by BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import Struct, pack
from typing import Final

from tracee_ref.errors import HostCode, HostError
from tracee_ref.kernel.build.bpf_syscall import bpf
from tracee_ref.kernel.build.btf import Btf
from tracee_ref.kernel.build.program import Program
from tracee_ref.kernel.maps.cuckoo import hash_defines
from tracee_ref.kernel.maps.filter_maps import EVENTS, table_entries, write_selection
from tracee_ref.kernel.maps.layouts import (
    PATH_SIZE,
    automata_of,
    binary_key,
    container_bytes,
    first_rows,
)
from tracee_ref.kernel.maps.write import write_entries
from tracee_ref.model.facts import Container, Process
from tracee_ref.model.scope import Key, Scope
from tracee_ref.tables import AcceptTables
from tracee_ref.tables.compile import IDS, NAMES, compile_keys, program_key
from tracee_ref.tables.intervals import Intervals
from tracee_ref.tables.masks import VALUE_BYTES

SOURCE: Final = Path(__file__).with_name("decisions.bpf.c")

ANCESTORS: Final = 8
QUESTION: Final = Struct(f"=QII 4I2Q{VALUE_BYTES}s{VALUE_BYTES}s4Q {ANCESTORS}I II32s")
"""``struct question`` of decisions.bpf.c without its ``binary``, which it has with USE_BINARY."""

MASK: Final = Struct("=Q")

PROG_TEST_RUN: Final = 10
TEST_RUN: Final = Struct("=IIIIQQII")
"""Attributes of BPF_PROG_TEST_RUN; the kernel writes the return value (the second) and the mean
duration in ns (the last)."""

TRACER_PID: Final = 4242
"""The tgid that stands for the tracer itself (rule 14)."""

SETTINGS: Final = (
    "UID_WITHOUT_EQUAL", "PID_WITHOUT_EQUAL", "COMM_WITHOUT_EQUAL", "UTS_WITHOUT_EQUAL",
    "MNTNS_WITHOUT_EQUAL", "PIDNS_WITHOUT_EQUAL", "BINARY_WITHOUT_EQUAL", "TREE_WITHOUT_EQUAL",
    "UTS_ROW", "NEW_EQUAL", "NEW_EXCLUDED", "CONTAINER_OUTSIDE",
)  # fmt: skip
"""Constants of the tracer that these programs read from a map; the index is the slot."""

HASHED: Final = ("binary_table", "tree_table", "container_prefixes")
"""Maps whose elements can be deleted; those of arrays are set to zero."""

ENTRIES: Final = "8192"


def setting_defines(*names: str) -> dict[str, str]:
    """Return the C constants that read settings from the map."""
    return {name: f"setting({SETTINGS.index(name)})" for name in names}


ALL_KINDS: Final = {
    "EVENTS": str(EVENTS),
    "SETTINGS": str(len(SETTINGS)),
    **hash_defines(13),
    **dict.fromkeys(
        ("USE_NEW", "USE_MNTNS", "USE_PIDNS", "USE_BINARY", "USE_TREE", "USE_FOLLOW",
         "USE_CONTAINER"), "",
    ),
    "BINARY_PATH_SIZE": str(PATH_SIZE),
    **dict.fromkeys(("BINARY_VALUES", "TREE_VALUES", "CONTAINER_PREFIXES"), ENTRIES),
    **setting_defines(
        "NEW_EQUAL", "NEW_EXCLUDED", "MNTNS_WITHOUT_EQUAL", "PIDNS_WITHOUT_EQUAL",
        "BINARY_WITHOUT_EQUAL", "TREE_WITHOUT_EQUAL", "CONTAINER_OUTSIDE", "COMM_WITHOUT_EQUAL",
        "UTS_WITHOUT_EQUAL",
    ),
}  # fmt: skip
"""Sizes of a program whose tables are written many times."""

SINGLE_VALUES: Final = {
    **ALL_KINDS,
    **dict.fromkeys(("USE_UID", "USE_PID", "USE_COMM", "USE_UTS"), ""),
    **setting_defines("UID_WITHOUT_EQUAL", "PID_WITHOUT_EQUAL"),
}
PATTERNS_AND_INTERVALS: Final = {
    **ALL_KINDS,
    **dict.fromkeys(
        ("USE_UID_INTERVALS", "USE_PID_INTERVALS", "USE_PATTERNS", "USE_COMM_PATTERNS",
         "USE_UTS_PATTERNS"), "",
    ),
    **dict.fromkeys(("UID_INTERVALS", "PID_INTERVALS"), "128"),
    **dict.fromkeys(("UID_CHUNKS", "PID_CHUNKS"), "8"),
    "PATTERN_ROWS": "8192",
    "PATTERN_CLASSES": "256",
    **setting_defines("UTS_ROW"),
}  # fmt: skip


class DecisionProgram:
    """The matcher without hooks; its tables can be replaced."""

    def __init__(self, sizes: Mapping[str, str], btf: Btf) -> None:
        text = SOURCE.read_text(encoding="utf-8")
        self.program = Program(SOURCE.name, text, sizes, btf, tracer=TRACER_PID)
        self.function = self.program.load("decide", "SCHED_CLS")
        self._sizes = sizes
        self._written: list[tuple[str, Mapping[bytes, bytes]]] = []
        self._selected: Sequence[int] = ()

    def fill(self, tables: AcceptTables, events: Mapping[str, int]) -> None:
        """Replace the tables; ``events`` has each event's number."""
        self._clear()
        for name, entries in table_entries(self._sizes, tables):
            write_entries(self.program, name, entries)
            self._written.append((name, entries))
        if "SETTINGS" in self._sizes:
            masks = {pack("I", slot): pack("Q", m) for slot, m in enumerate(settings_of(tables))}
            write_entries(self.program, "settings", masks)
        self._selected = tuple(events[name] for name in tables.select)
        write_selection(self.program, {events[name]: mask for name, mask in tables.select.items()})

    def _clear(self) -> None:
        """Remove the elements that the next tables may not overwrite."""
        for name, entries in self._written:
            if name in HASHED:
                for key in entries:
                    self.program.delete(self.program.map_fd(name), key)
            elif name == "value_table":
                empty = {key: bytes(len(value)) for key, value in entries.items()}
                write_entries(self.program, name, empty)
        write_selection(self.program, dict.fromkeys(self._selected, 0))
        self._written.clear()

    def ask(self, event: int, process: Process) -> int:
        """Return the mask that the kernel computes for an event of the process."""
        data = question(event, process, "USE_BINARY" in self._sizes)
        buffer = ctypes.create_string_buffer(data, len(data))
        if run_program(self.function, buffer, 1)[0]:
            raise HostError(
                HostCode.PROCESS, f"{SOURCE.name}: a question is too short for its struct"
            )
        mask: int = MASK.unpack_from(buffer)[0]
        return mask

    def close(self) -> None:
        """Unload the program."""
        self.program.close()


def run_program(fd: int, data: ctypes.Array[ctypes.c_char], repeat: int) -> tuple[int, int]:
    """Run a program on packet data, which it may change.

    Return its return value and the mean duration (ns) of ``repeat`` runs.
    """
    address, size = ctypes.addressof(data), len(data)
    attributes = TEST_RUN.pack(fd, 0, size, size, address, address, repeat, 0)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    bpf(PROG_TEST_RUN, buffer)
    _, retval, _, _, _, _, _, duration = TEST_RUN.unpack(buffer.raw)
    return retval, duration


def compile_all_tables(scopes: Sequence[Scope], *, single: bool) -> AcceptTables:
    """Compile tables of all kinds; those that no scope uses accept everything.

    Names and ids are compared as ``single`` values, or by automata and intervals.
    """
    return compile_keys(scopes, set(Key), set() if single else {*NAMES, *IDS})


def settings_of(tables: AcceptTables) -> list[int]:
    """Return the value of each setting."""
    named = {"UTS_ROW": first_rows(automata_of(tables)).get(Key.UTS, 0)}
    for key, table in tables.values.items():
        named[f"{key.name}_WITHOUT_EQUAL"] = (
            0 if isinstance(table, Intervals) else table.without_equal
        )
    if tables.container:
        named["CONTAINER_OUTSIDE"] = tables.container.outside
    if tables.binary:
        named["BINARY_WITHOUT_EQUAL"] = tables.binary.without_equal
    if tables.tree:
        named["TREE_WITHOUT_EQUAL"] = tables.tree.without_equal
    if tables.pid_new:
        named |= {"NEW_EQUAL": tables.pid_new.equal, "NEW_EXCLUDED": tables.pid_new.excluded}
    return [named.get(name, 0) for name in SETTINGS]


def container_fields(container: Container | None) -> tuple[bool, bool, bytes]:
    """Return the fields of a question about a container: in_container, is_new and its id."""
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
    container = container_fields(process.container)
    data = QUESTION.pack(0, event, len(ancestry), *facts, *ancestry, *spare, *container)
    if not with_binary:
        return data
    binary = program_key(process.binary) if process.binary else (0, b"")
    return data + binary_key(*binary)
