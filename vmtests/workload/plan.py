# SPDX-License-Identifier: Apache-2.0
"""Plans of processes and threads, and their compilation to blocks of steps.

Every thread of a process exits or parks before the thread that ends the process does so.  The
events of a run are therefore determined, except for their order between threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import fsencode
from typing import TypeAlias

from tracee_ref.events.catalogue import load_catalogue
from vmtests.workload.layout import GATES, Kind, Step

CLONE_NEWPID = 0x20000000
MNTNS_LINK = "mntns"
CGROUP_LINK = "cgroup"
"""Links in the directory of a run: to the initial mount namespace, and to a cgroup of its own."""


@dataclass(frozen=True)
class Call:
    """A syscall without effect; at most one argument is a string."""

    name: str
    arguments: tuple[int | bytes, ...] = ()


@dataclass(frozen=True)
class Overwrite(Call):
    """A syscall that writes its result over its string: the argument after it is the same memory.

    What is given for that argument does not matter.
    """


@dataclass(frozen=True)
class SetComm:
    comm: bytes


@dataclass(frozen=True)
class SetUid:
    uid: int


@dataclass(frozen=True)
class SetUts:
    """Move the thread into a new uts namespace with this host name."""

    name: bytes


@dataclass(frozen=True)
class NewMntns:
    """Move the thread into a new mount namespace."""


@dataclass(frozen=True)
class JoinMntns:
    """Move the thread into the mount namespace in which the tracer was started."""


@dataclass(frozen=True)
class JoinCgroup:
    """Move the process into a cgroup, created if missing; "" is the cgroup of the run."""

    name: str


@dataclass(frozen=True)
class FailedExec:
    """An exec of a file that does not exist."""

    name: str


@dataclass(frozen=True)
class Fork:
    """Equal children; with a ``count`` above 1, all of them exist at the same time.

    With ``pidns`` each is the first process of a pid namespace: it must not exit before its
    descendants, which the kernel would kill, and cannot be killed by a signal of its own.
    """

    child: Image
    count: int = 1
    pidns: bool = False


@dataclass(frozen=True)
class Wait:
    """Wait for all children."""


@dataclass(frozen=True)
class Reap:
    """Become a child subreaper."""


Namespaces: TypeAlias = SetUts | NewMntns | JoinMntns | JoinCgroup
Item: TypeAlias = Call | SetComm | SetUid | Namespaces | FailedExec | Fork | Wait | Reap


@dataclass(frozen=True)
class Track:
    """The steps of a thread; ``code`` is its exit code, None if it parks until it is killed."""

    items: tuple[Item, ...] = ()
    code: int | None = 0


@dataclass(frozen=True)
class Exits:
    """The process ends by exit_group, or (``alone``) by the exit of its last thread."""

    code: int = 0
    alone: bool = False


@dataclass(frozen=True)
class Dies:
    signal: int


@dataclass(frozen=True)
class Execs:
    """The process executes a file of the directory."""

    name: str
    image: Image


@dataclass(frozen=True)
class Image:
    """A process between two execs: the track of the leader, and those of the threads it creates.

    ``ender`` is the index of the thread that ends the process; it waits for all children first,
    unless the process ``abandons`` them.
    """

    tracks: tuple[Track, ...] = (Track(),)
    ender: int = 0
    ending: Exits | Dies | Execs = field(default=Exits())
    abandons: bool = False


class Compiler:
    """Compiles an image to blocks of steps; the first block is that of its leader."""

    def __init__(self, root: Image, directory: str) -> None:
        self.blocks: list[list[Step]] = []
        self._directory = directory
        self._gates = 0
        self._image(root)

    def _image(self, image: Image, before: Sequence[Step] = ()) -> int:
        """Add the blocks of an image; return the number of the leader's block."""
        number = self._reserve()
        blocks = [number, *(self._reserve() for _ in image.tracks[1:])]
        starts = [Step(Kind.THREAD, (block,)) for block in blocks[1:]]
        for index, (track, block) in enumerate(zip(image.tracks, blocks, strict=True)):
            steps = [step for item in track.items for step in self._item(item)]
            if index == 0:  # threads inherit what the leader's first step sets
                steps = [*before, *steps[:1], *starts, *steps[1:]]
            self.blocks[block] = steps + self._end(image, index)
        return number

    def _reserve(self) -> int:
        self.blocks.append([])
        return len(self.blocks) - 1

    def _end(self, image: Image, index: int) -> list[Step]:
        track, ending = image.tracks[index], image.ending
        if index != image.ender:
            return [Step(Kind.PARK) if track.code is None else Step(Kind.EXIT, (track.code,))]
        steps = [Step(Kind.SETTLE), *([] if image.abandons else [Step(Kind.WAIT)])]
        if isinstance(ending, Dies):
            return [*steps, Step(Kind.DIE, (ending.signal,))]
        if isinstance(ending, Exits):
            kind = Kind.EXIT if ending.alone else Kind.EXIT_GROUP
            return [*steps, Step(kind, (ending.code,))]
        block = self._image(ending.image)
        return [*steps, Step(Kind.EXEC, (block,), self._path(ending.name))]

    def _path(self, name: str) -> bytes:
        return fsencode(f"{self._directory}/{name}")

    def _item(self, item: Item) -> list[Step]:
        if isinstance(item, Call):
            return [call_step(item)]
        if isinstance(item, SetComm):
            return [Step(Kind.SET_COMM, text=item.comm)]
        if isinstance(item, SetUid):
            return [Step(Kind.SET_UID, (item.uid,))]
        if isinstance(item, Namespaces):
            return self._namespaces(item)
        if isinstance(item, FailedExec):
            return [Step(Kind.EXEC, text=self._path(item.name))]
        if isinstance(item, Fork):
            return self._forks(item)
        return [Step(Kind.WAIT if isinstance(item, Wait) else Kind.REAP)]

    def _namespaces(self, item: Namespaces) -> list[Step]:
        if isinstance(item, SetUts):
            return [Step(Kind.SET_UTS, text=item.name)]
        if isinstance(item, NewMntns):
            return [Step(Kind.NEW_MNTNS)]
        if isinstance(item, JoinMntns):
            return [Step(Kind.JOIN_MNTNS, text=self._path(MNTNS_LINK))]
        path = self._path(f"{CGROUP_LINK}/{item.name}".removesuffix("/"))
        make = [Step(Kind.NEW_CGROUP, text=path)] if item.name else []
        return [*make, Step(Kind.JOIN_CGROUP, text=path + b"/cgroup.procs")]

    def _forks(self, fork: Fork) -> list[Step]:
        flags = CLONE_NEWPID if fork.pidns else 0
        if fork.count == 1:
            return [Step(Kind.FORK, (self._image(fork.child), flags))]
        gate, self._gates = self._gates, self._gates + 1
        assert gate < GATES, "too many crowds in a plan"
        block = self._image(fork.child, [Step(Kind.GATE, (gate,))])
        return [Step(Kind.FORK, (block, flags))] * fork.count + [Step(Kind.OPEN, (gate,))]


def call_step(call: Call) -> Step:
    """Return the step of a call, with the syscall number of the catalogue."""
    text_at = next((i for i, a in enumerate(call.arguments) if isinstance(a, bytes)), -1)
    text = next((a for a in call.arguments if isinstance(a, bytes)), None)
    numbers = tuple(0 if isinstance(a, bytes) else a for a in call.arguments)
    kind = Kind.OVERWRITE if isinstance(call, Overwrite) else Kind.CALL
    return Step(kind, (load_catalogue()[call.name].id, *numbers), text, text_at)
