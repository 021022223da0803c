"""Accept tables on their way into kernel maps: sizes as C constants, contents as bytes.

The layouts are those of the structures in ``bpf/matcher.h``.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from struct import pack
from typing import Final

from model.scope import COMM_BYTES

from ..errors import HostError
from ..tables import AcceptTables
from ..tables.binaries import PATH_BYTES, Binaries
from ..tables.numbers import Intervals
from ..tables.texts import Automaton, ExactTexts, Verdict
from .program import Program

COMM_SIZE: Final = COMM_BYTES + 1
PATH_SIZE: Final = PATH_BYTES + 4
"""The path, its NUL, and padding: with the u32 before it the key is a multiple of 8 bytes."""

EVENTS: Final = 1024
"""Places for events of the kernel side; the catalogue's ids of such events are below it."""

COMM_SETTING: Final = 0
BINARY_UNASKED_SETTING: Final = 1
"""Places of the masks in the ``settings`` of bpf/decisions.bpf.c."""

MET: Final = 0x80000000
ZERO: Final = pack("I", 0)


def defines(tables: AcceptTables) -> dict[str, str]:
    """Return the C constants that fit the tables: which kinds are in use, and how large."""
    names = {"EVENTS": str(EVENTS)}
    if tables.uid:
        names |= {"USE_UID": "", "UID_INTERVALS": str(_power_of_two(tables.uid.bounds))}
    if tables.pid:
        names |= {"USE_PID": "", "PID_INTERVALS": str(_power_of_two(tables.pid.bounds))}
    if isinstance(tables.comm, ExactTexts):
        names |= {"USE_COMM": "", "COMM_VALUES": str(max(1, len(tables.comm.accept)))}
        names |= {"COMM_OTHERWISE": _mask(tables.comm.otherwise)}
    elif tables.comm:
        names |= {"USE_COMM_PATTERNS": "", "COMM_ROWS": str(len(tables.comm.rows))}
        names |= {"COMM_CLASSES": str(_power_of_two(range(tables.comm.class_count)))}
        names |= {"COMM_UNASKED": _mask(tables.comm.unasked)}
    if tables.binary:
        names |= {"USE_BINARY": "", "BINARY_PATH_SIZE": str(PATH_SIZE)}
        names |= {"BINARY_VALUES": str(max(1, len(tables.binary.verdicts)))}
        names |= {"BINARY_UNASKED": _mask(tables.binary.unasked)}
    return names


class TableWriter:
    """Writes accept tables into the maps of a program.

    ``sizes`` are the constants that the program was compiled with; a table that does not
    fit raises HostError.
    """

    def __init__(self, program: Program, sizes: Mapping[str, str]) -> None:
        self._program = program
        self._sizes = sizes
        self._hashed: list[tuple[int, bytes]] = []
        self._selected: Sequence[int] = ()

    def clear(self) -> None:
        """Empty the tables whose elements the next ones need not overwrite."""
        for fd, key in self._hashed:
            self._program.delete(fd, key)
        self._hashed.clear()
        self._entries("select", dict.fromkeys((pack("I", i) for i in self._selected), pack("Q", 0)))
        self._selected = ()

    def write(self, tables: AcceptTables) -> None:
        """Write all but ``select``, which switches tracing on and comes last."""
        if tables.uid:
            self._numbers("uid_table", tables.uid, int(self._sizes["UID_INTERVALS"]))
        if tables.pid:
            self._numbers("pid_table", tables.pid, int(self._sizes["PID_INTERVALS"]))
        if isinstance(tables.comm, ExactTexts):
            self._hash("comm_table", comm_entries(tables.comm))
            self._setting(COMM_SETTING, tables.comm.otherwise)
        elif tables.comm:
            self._automaton(tables.comm)
            self._setting(COMM_SETTING, tables.comm.unasked)
        if tables.binary:
            self._hash("binary_table", binary_entries(tables.binary))
            self._setting(BINARY_UNASKED_SETTING, tables.binary.unasked)

    def select(self, masks: Mapping[int, int]) -> None:
        """Write the selection: event id to the mask of the scopes that selected it."""
        self._entries("select", {pack("I", event): pack("Q", m) for event, m in masks.items()})
        self._selected = tuple(masks)

    def _numbers(self, name: str, table: Intervals, size: int) -> None:
        self._entries(name, {ZERO: intervals_bytes(table, size)})

    def _automaton(self, table: Automaton) -> None:
        classes = int(self._sizes["COMM_CLASSES"])
        self._entries("comm_classes", {ZERO: table.classes})
        rows = enumerate(table.rows)
        self._entries(
            "comm_rows", {pack("I", i): row_bytes(row, table, classes) for i, row in rows}
        )
        self._entries("comm_met", {pack("I", i): _verdict(v) for i, v in enumerate(table.met)})

    def _setting(self, place: int, mask: int) -> None:
        """Write a mask that programs with fixed tables have as a constant instead."""
        if "SETTINGS" in self._sizes:
            self._entries("settings", {pack("I", place): pack("Q", mask)})

    def _hash(self, name: str, entries: Mapping[bytes, bytes]) -> None:
        self._entries(name, entries)
        fd = self._program.map_fd(name)
        self._hashed += [(fd, key) for key in entries]

    def _entries(self, name: str, entries: Mapping[bytes, bytes]) -> None:
        fd = self._program.map_fd(name)
        for key, value in entries.items():
            error = self._program.update(fd, key, value)
            if error:
                raise HostError(f"map {name}: an element was refused ({os.strerror(error)})")


def intervals_bytes(table: Intervals, size: int) -> bytes:
    """Return a ``uid_table`` or ``pid_table``: repeated at the end up to ``size`` places."""
    spare = size - len(table.bounds)
    if spare < 0:
        raise HostError(f"{len(table.bounds)} number intervals do not fit in {size}")
    # Places behind the last bound are never below a value, but for the highest one there is.
    bounds = array("I", [*table.bounds, *[0xFFFFFFFF] * spare])
    columns = [array("Q", [*column, *[column[-1]] * spare]) for column in table.columns]
    return bounds.tobytes() + b"".join(column.tobytes() for column in columns)


def comm_entries(table: ExactTexts) -> dict[bytes, bytes]:
    """Return the elements of ``comm_table``."""
    return {text.ljust(COMM_SIZE, b"\0"): pack("Q", m) for text, m in table.accept.items()}


def row_bytes(row: Sequence[int], table: Automaton, classes: int) -> bytes:
    """Return a ``comm_row``; a state in which patterns end carries the flag MET."""
    marked = [state | (MET if _says(table.met[state]) else 0) for state in row]
    return array("I", marked + [0] * (classes - len(marked))).tobytes()


def binary_entries(table: Binaries) -> dict[bytes, bytes]:
    """Return the elements of ``binary_table``."""
    return {binary_key(*place): _verdict(v) for place, v in table.verdicts.items()}


def binary_key(mntns: int, path: bytes) -> bytes:
    """Return a ``struct binary``; a path that does not fit gets one that no flag can name."""
    if len(path) > PATH_BYTES:
        path = b""
    return pack("I", mntns) + path.ljust(PATH_SIZE, b"\0")


def _verdict(verdict: Verdict) -> bytes:
    return pack("QQ", verdict.equal, verdict.excluded)


def _says(verdict: Verdict) -> bool:
    return bool(verdict.equal | verdict.excluded)


def _mask(mask: int) -> str:
    return f"{mask:#x}ULL"


def _power_of_two(values: Sequence[int]) -> int:
    return 1 << max(1, (len(values) - 1).bit_length())
