# SPDX-License-Identifier: Apache-2.0
"""Seeding of process state with processes older than the tracer (rules 10 and 12).

Programs already see forks and execs, and what they wrote is newer than /proc: it is not
overwritten.  A process that was forked meanwhile by a process that is not seeded yet is completed
here.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from model.lifecycle import Start, ancestry_of
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
TREE_STATE: Final = abi.TREE_STATE.struct
SCOPE_MASKS: Final = abi.SCOPE_MASKS.struct
PID: Final = Struct("=I")
BPF_NOEXIST, BPF_EXIST = 1, 2


class ProcessSeeder:
    """Writes the state of processes from /proc to the maps."""

    def __init__(self, program: Program, tables: AcceptTables) -> None:
        self._program = program
        self._tables = tables
        self._starts: dict[int, Start] = {}
        self._parents: dict[int, int] = {}

    def seed_command(self, pid: int) -> None:
        """Write the COMMAND (tgid), which has not executed yet; no other process is traced."""
        self._parents = ancestors(pid)
        self._write_binary(pid, None, starting=True)
        self._write_tree_state(pid)

    def seed_all(self) -> None:
        """Write all processes.

        A child of a process that was not seeded at the fork is incomplete, so this repeats until
        nothing is new and nothing is incomplete.
        """
        while self._seed_new() + self._complete_tree_states():
            pass

    def _seed_new(self) -> int:
        new = sorted(process_ids() - self._starts.keys())
        times = {pid: start_time(pid) for pid in new}
        for pid in new:
            self._starts[pid] = start = read_start(pid)
            self._parents[pid] = start.ppid
            self._write_binary(pid, start.process.binary)
        for pid in new:
            self._write_tree_state(pid)
        # A reused id is removed, and seeded again in the next round.
        for pid in [pid for pid in new if start_time(pid) != times[pid]]:
            self._forget(pid)
        return len(new)

    def _write_binary(self, pid: int, binary: Binary | None, *, starting: bool = False) -> None:
        table = self._tables.binary
        accepted = table.accepted(program_keys(binary)) if table else ALL_SCOPES
        if (fd := self._fd("processes")) is not None:
            value = PROCESS.pack(accepted, 0, 0, starting)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _write_tree_state(self, pid: int) -> None:
        if (fd := self._fd("tree_states")) is not None:
            masks = self._masks_of(pid)
            value = TREE_STATE.pack(mask_bytes(masks), 0, 0, False)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _masks_of(self, pid: int) -> ScopeMasks:
        """Return the merged tree masks of a process and its ancestors."""
        assert self._tables.tree
        return self._tables.tree.merged(ancestry_of(pid, self._parents))

    def _complete_tree_states(self) -> int:
        """Merge the masks of parents that were not seeded at the fork; return how many."""
        completed = 0
        if (fd := self._fd("tree_states")) is None:
            return 0
        for key in self._program.keys(fd, PID.size):
            value = self._program.lookup(fd, key, TREE_STATE.size)
            if value is None:
                continue
            inherited, start, parent, incomplete = TREE_STATE.unpack(value)
            if incomplete:
                masks = self._masks_of(parent)
                masks.merge(ScopeMasks(*SCOPE_MASKS.unpack(inherited)))
                whole = TREE_STATE.pack(mask_bytes(masks), start, parent, False)
                self._program.update(fd, key, whole, BPF_EXIST)
                completed += 1
        return completed

    def _forget(self, pid: int) -> None:
        del self._starts[pid]
        for fd in (self._fd("processes"), self._fd("tree_states")):
            if fd is not None:
                self._program.delete(fd, PID.pack(pid))

    def _fd(self, name: str) -> int | None:
        try:
            return self._program.map_fd(name)
        except KeyError:
            return None
