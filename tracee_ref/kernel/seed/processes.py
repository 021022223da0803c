# SPDX-License-Identifier: Apache-2.0
"""Telling the kernel side of the processes that were there before it (rules 10 and 12).

Forks and execs are watched by now, and what the kernel side has seen itself is newer than what
we read: nothing of it is overwritten.  What was forked meanwhile by a process that we had not
come to yet is completed from our knowledge of that one.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from model.lifecycle import Start, descent
from model.scope import Binary

from ... import abi
from ...procfs import ancestors, process_ids, read_start, start_time
from ...tables import AcceptTables
from ...tables.compile import program_keys
from ...tables.intervals import ALL_SCOPES
from ...tables.masks import ScopeMasks
from ..build.program import Program
from ..maps.layouts import mask_bytes

PROCESS: Final = abi.PROCESS.struct
DESCENT: Final = abi.DESCENT.struct
SCOPE_MASKS: Final = abi.SCOPE_MASKS.struct
PID: Final = Struct("=I")
BPF_NOEXIST, BPF_EXIST = 1, 2


class Census:
    """The maps of processes, filled from /proc."""

    def __init__(self, program: Program, tables: AcceptTables) -> None:
        self._program = program
        self._tables = tables
        self._starts: dict[int, Start] = {}
        self._parents: dict[int, int] = {}

    def take_command(self, pid: int) -> None:
        """Learn of our COMMAND, which waits to be started; nobody else matters."""
        self._parents = ancestors(pid)
        self._learn_program(pid, None, starting=True)
        self._learn_descent(pid)

    def take_all(self) -> None:
        """Learn of every process.

        One forked by a process that was not known yet is not known either, so we look again
        until a round finds nobody new and nothing to complete.
        """
        while self._take_new() + self._complete_descents():
            pass

    def _take_new(self) -> int:
        new = sorted(process_ids() - self._starts.keys())
        times = {pid: start_time(pid) for pid in new}
        for pid in new:
            self._starts[pid] = start = read_start(pid)
            self._parents[pid] = start.ppid
            self._learn_program(pid, start.process.binary)
        for pid in new:
            self._learn_descent(pid)
        # Whose id became another's meanwhile is forgotten, and met again in the next round.
        for pid in [pid for pid in new if start_time(pid) != times[pid]]:
            self._forget(pid)
        return len(new)

    def _learn_program(self, pid: int, binary: Binary | None, *, starting: bool = False) -> None:
        table = self._tables.binary
        accepted = table.accepted(program_keys(binary)) if table else ALL_SCOPES
        if (fd := self._fd("processes")) is not None:
            value = PROCESS.pack(accepted, 0, 0, starting)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _learn_descent(self, pid: int) -> None:
        if (fd := self._fd("descents")) is not None:
            said = self._said(pid)
            value = DESCENT.pack(mask_bytes(said), 0, 0, False)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _said(self, pid: int) -> ScopeMasks:
        """Return what a process and all that it descends from say together."""
        assert self._tables.tree
        return self._tables.tree.merged(descent(pid, self._parents))

    def _complete_descents(self) -> int:
        """Give those forked by processes that were not known what these would have handed down."""
        completed = 0
        if (fd := self._fd("descents")) is None:
            return 0
        for key in self._program.keys(fd, PID.size):
            value = self._program.lookup(fd, key, DESCENT.size)
            if value is None:
                continue
            inherited, start, parent, incomplete = DESCENT.unpack(value)
            if incomplete:
                said = self._said(parent)
                said.merge(ScopeMasks(*SCOPE_MASKS.unpack(inherited)))
                whole = DESCENT.pack(mask_bytes(said), start, parent, False)
                self._program.update(fd, key, whole, BPF_EXIST)
                completed += 1
        return completed

    def _forget(self, pid: int) -> None:
        del self._starts[pid]
        for fd in (self._fd("processes"), self._fd("descents")):
            if fd is not None:
                self._program.delete(fd, PID.pack(pid))

    def _fd(self, name: str) -> int | None:
        try:
            return self._program.map_fd(name)
        except KeyError:
            return None
