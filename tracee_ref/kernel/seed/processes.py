# SPDX-License-Identifier: Apache-2.0
"""Seeding of process state with processes older than the tracer.

These are the binary of rule 10 and the ancestors of rule 12.

The BPF programs are attached already, and record forks and execs.  Their elements are newer than
/proc: they are not overwritten.  If a process forks before it is seeded, the child's element lacks
the masks of its ancestors, which are added here.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from ... import abi
from ...model.lifecycle import Start, ancestry_of
from ...model.scope import Binary
from ...procfs import ancestors, process_ids, read_start, start_time
from ...tables import AcceptTables
from ...tables.compile import program_keys
from ...tables.intervals import ALL_SCOPES
from ...tables.masks import ScopeMasks
from ..build.program import Program
from ..maps.layouts import mask_bytes
from ..maps.write import BPF_EXIST, BPF_NOEXIST

PROCESS: Final = abi.PROCESS.struct
TREE_STATE: Final = abi.TREE_STATE.struct
SCOPE_MASKS: Final = abi.SCOPE_MASKS.struct
PID: Final = Struct("=I")


class ProcessSeeder:
    """Writes the state of processes from /proc to the maps."""

    def __init__(self, program: Program, tables: AcceptTables) -> None:
        self._program = program
        self._tables = tables
        self._starts: dict[int, Start] = {}
        self._parents: dict[int, int] = {}

    def seed_command(self, pid: int) -> None:
        """Write the state of the COMMAND's process (tgid) before its exec, and of no other."""
        self._parents = ancestors(pid)
        self._write_process(pid, None, before_exec=True)
        self._write_tree_state(pid)

    def seed_all(self) -> None:
        """Write the state of all processes.

        A process that forks before it is seeded leaves a child that is not seeded yet, or
        incomplete: this repeats until there is neither.
        """
        while self._seed_new() + self._complete_tree_states():
            pass

    def _seed_new(self) -> int:
        new = sorted(process_ids() - self._starts.keys())
        times = {pid: start_time(pid) for pid in new}
        for pid in new:
            self._starts[pid] = start = read_start(pid)
            self._parents[pid] = start.ppid
            self._write_process(pid, start.process.binary)
        for pid in new:
            self._write_tree_state(pid)
        # A reused id is seeded again in the next round.  This may delete what the programs wrote
        # for the new process.  Nothing is lost by that: no process is followed before tracing
        # starts, and the rest can be read again from /proc, except the ancestors of a process
        # whose parent exited meanwhile.
        for pid in [pid for pid in new if start_time(pid) != times[pid]]:
            self._forget(pid)
        return len(new)

    def _write_process(self, pid: int, binary: Binary | None, *, before_exec: bool = False) -> None:
        table = self._tables.binary
        accepted = table.accepted(program_keys(binary)) if table else ALL_SCOPES
        if (fd := self._fd("processes")) is not None:
            followed = 0
            started = 0  # older than the tracer: delete_process() compares no start time
            value = PROCESS.pack(accepted, followed, started, before_exec)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _write_tree_state(self, pid: int) -> None:
        if (fd := self._fd("tree_states")) is not None:
            masks = self._masks_of(pid)
            started = parent = incomplete = 0
            value = TREE_STATE.pack(mask_bytes(masks), started, parent, incomplete)
            self._program.update(fd, PID.pack(pid), value, BPF_NOEXIST)

    def _masks_of(self, pid: int) -> ScopeMasks:
        """Return the masks of all ``tree`` filters that name the process or an ancestor."""
        assert self._tables.tree
        return self._tables.tree.merged(ancestry_of(pid, self._parents))

    def _complete_tree_states(self) -> int:
        """Add the masks of parents that were not seeded at the fork to their children.

        Returns the number of children.
        """
        completed = 0
        if (fd := self._fd("tree_states")) is None:
            return 0
        for key in self._program.keys(fd, PID.size):
            value = self._program.lookup(fd, key, TREE_STATE.size)
            if value is None:
                continue
            inherited, started, parent, incomplete = TREE_STATE.unpack(value)
            if incomplete:
                masks = self._masks_of(parent)
                masks.merge(ScopeMasks(*SCOPE_MASKS.unpack(inherited)))
                whole = TREE_STATE.pack(mask_bytes(masks), started, parent, False)
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
