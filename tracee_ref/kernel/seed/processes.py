# SPDX-License-Identifier: Apache-2.0
"""Seeding of process state with processes older than the tracer.

These are the binary of rule 10 and the ancestors of rule 12.

The BPF programs are attached already, and record forks and execs.  Their elements are newer than
/proc: they are not overwritten.  If a process forks before it is seeded, the child has no element,
or one that lacks the masks of its ancestors, which are added here.

So /proc is read again until every process has an element.  Only children of processes that had
none can lack one, so two or three readings are enough.  Only a program that forks and exits faster
than /proc can be read is never caught up with; seeding then ends after SEED_SECONDS.  The first
reading may take longer, up to FIRST_SECONDS.  Events of processes that were not reached are counted
as unknown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from struct import Struct
from typing import Final

from tracee_ref.model.scope import Binary

from ... import abi
from ...procfs import PROC, ancestors, opened, parent_of, process_ids, read_binary, read_parent
from ...tables import AcceptTables
from ...tables.compile import program_keys
from ...tables.intervals import ALL_SCOPES
from ...tables.masks import ScopeMasks
from ..build.program import Program
from ..maps.layouts import mask_bytes
from ..maps.write import BPF_EXIST, add_entry
from .limits import FIRST_SECONDS, until

PROCESS: Final = abi.PROCESS.struct
TREE_STATE: Final = abi.TREE_STATE.struct
SCOPE_MASKS: Final = abi.SCOPE_MASKS.struct
KEY: Final = Struct("=Q")
"""``process_key()`` of bpf/state/processes.h; of seeded processes it is the tgid."""

SEED_SECONDS: Final = 5.0
"""Time after which /proc is not read again."""

KEYS_MAX: Final = 1 << 20
"""Limit of keys read from a map, whose iteration may start again while it changes."""


class ProcessSeeder:
    """Writes the state of processes from /proc to the maps."""

    def __init__(self, program: Program, tables: AcceptTables) -> None:
        self._program = program
        self._tables = tables
        self._processes = self._fd("processes")
        self._tree_states = self._fd("tree_states")
        self._parents: dict[int, int] = {}
        self._current: dict[int, int] = {}
        """Parents read in this reading of /proc; ``_parents`` has those of exited processes."""

        self._ancestry: dict[int, tuple[ScopeMasks, int]] = {}
        """What ``_masks_of`` returned in this reading: an ancestry is read once for all its
        descendants, as its length may be that of a list of all processes."""

        self.unread = 0
        """Number of processes that were not reached."""

        self.unreadable: set[str] = set()
        """Files of /proc that may not be read: events of their processes count as unknown."""

    def seed_command(self, pid: int) -> None:
        """Write the state of the COMMAND's process (tgid) before its exec, and of no other."""
        self._current = ancestors(pid)
        self._write_process(pid, None, before_exec=True)
        self._write_tree_state(pid)

    def seed_all(self, first: float = FIRST_SECONDS, seconds: float = SEED_SECONDS) -> None:
        """Write the state of all processes; raises HostError if /proc may not be read."""
        start = time.monotonic()
        seeded, self.unread = self._seed_new(start + first)
        while seeded + self._complete_tree_states() and time.monotonic() < start + seconds:
            seeded, _ = self._seed_new(start + seconds)

    def _seed_new(self, deadline: float) -> tuple[int, int]:
        """Write the state of the processes that have none, until ``deadline``.

        Returns their number, and that of the processes that were not reached.
        """
        self._current, self._ancestry = {}, {}
        new = [*self._without_state()]
        seeded = [self._seed(pid) for pid in until(deadline, new)]
        return sum(seeded), len(new) - len(seeded)

    def _without_state(self) -> Iterator[int]:
        maps = ((self._processes, PROCESS.size), (self._tree_states, TREE_STATE.size))
        used = [(fd, size) for fd, size in maps if fd is not None]
        for pid in sorted(process_ids()):
            if any(self._program.lookup(fd, KEY.pack(pid), size) is None for fd, size in used):
                yield pid

    def _seed(self, pid: int) -> bool:
        """Write the state of a process; return whether there is one with this id afterwards."""
        try:
            with opened(pid) as directory:
                self._current[pid] = self._parents[pid] = read_parent(directory)
                self._write_tree_state(pid)
                self._write_process(pid, read_binary(directory) if self._tables.binary else None)
                read_parent(directory)
        except PermissionError as error:
            self.unreadable.add(str(error.filename))
            return False
        except OSError:  # it exited: another process may have the id, and now has this state
            if self._processes is not None:
                self._program.delete(self._processes, KEY.pack(pid))
            return (PROC / str(pid)).exists()
        return True

    def _write_process(self, pid: int, binary: Binary | None, *, before_exec: bool = False) -> None:
        table = self._tables.binary
        accepted = table.accepted(program_keys(binary)) if table else ALL_SCOPES
        if self._processes is not None:
            followed = 0
            value = PROCESS.pack(accepted, followed, before_exec)
            add_entry(self._program, "processes", KEY.pack(pid), value)

    def _write_tree_state(self, pid: int) -> None:
        """Write the tree state of a process, incomplete if an ancestor exited unread.

        A fork always writes one, so this one is never that of another process with the id.
        """
        if self._tree_states is not None:
            masks, unread = self._masks_of(pid)
            value = TREE_STATE.pack(mask_bytes(masks), unread, bool(unread))
            add_entry(self._program, "tree_states", KEY.pack(pid), value)

    def _masks_of(self, pid: int) -> tuple[ScopeMasks, int]:
        """Return the masks of all ``tree`` filters that name the process or an ancestor.

        The number is the id of an ancestor that exited before its parent was read, or 0.
        """
        assert self._tables.tree
        chain: dict[int, None] = {}
        unread = 0
        while pid and pid not in chain and pid not in self._ancestry:
            chain[pid] = None
            parent = self._parent(pid)
            unread = pid if parent is None else 0
            pid = parent or 0
        masks, unread = self._ancestry.get(pid, (ScopeMasks(), unread))
        for descendant in reversed(chain):
            masks = ScopeMasks(masks.equal, masks.excluded)
            masks.merge(self._tables.tree.merged([descendant]))
            self._ancestry[descendant] = masks, unread
        return masks, unread

    def _parent(self, pid: int) -> int | None:
        """Return the parent of a process, 0 for none; None if it exited before it was read."""
        if pid not in self._current:
            if (parent := parent_of(pid)) is None:
                return self._parents.get(pid)
            self._current[pid] = self._parents[pid] = parent
        return self._current[pid]

    def _complete_tree_states(self) -> int:
        """Add the masks of parents that were not seeded at the fork to their children.

        Returns the number of children.
        """
        if self._tree_states is None:
            return 0
        keys = islice(self._program.keys(self._tree_states, KEY.size), KEYS_MAX)
        return sum(self._complete(self._tree_states, key) for key in keys)

    def _complete(self, fd: int, key: bytes) -> bool:
        value = self._program.lookup(fd, key, TREE_STATE.size)
        inherited, parent, incomplete = TREE_STATE.unpack(value or bytes(TREE_STATE.size))
        if not incomplete:
            return False
        masks, unread = self._masks_of(parent)
        if unread:
            return False
        whole = ScopeMasks(*SCOPE_MASKS.unpack(inherited))
        whole.merge(masks)
        value = TREE_STATE.pack(mask_bytes(whole), parent, False)
        self._program.update(fd, key, value, BPF_EXIST)
        return True

    def _fd(self, name: str) -> int | None:
        try:
            return self._program.map_fd(name)
        except KeyError:
            return None
