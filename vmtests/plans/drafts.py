# SPDX-License-Identifier: Apache-2.0
"""Mutable plans, which Hypothesis rules extend step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

from vmtests.workload.plan import Dies, Execs, Exits, Fork, Image, Item, JoinCgroup, Track

MAX_THREADS = 6
MAX_DEPTH = 8
MAX_CROWD = 200
"""Maximum number of processes of one fork that exist together; their children are no crowds."""


@dataclass
class DraftFork:
    child: DraftImage
    count: int


@dataclass(eq=False)
class DraftTrack:
    """A thread and its steps, in the order in which they were drawn."""

    image: DraftImage
    items: list[Item | DraftFork] = field(default_factory=list)
    code: int = 0
    parks: bool = False

    def fork(self, count: int, *, pidns: bool) -> DraftTrack | None:
        """Add ``count`` equal children and return their first thread; None at the depth limit."""
        image = self.image
        if image.depth == MAX_DEPTH or image.crowded:
            return None
        child = DraftImage(image.depth + 1, crowded=count > 1, first=pidns)
        self.items.append(DraftFork(child, count))
        return child.tracks[0]

    def frozen(self, *, alone: bool) -> Track:
        """Return the track; cgroup changes are only kept in a process of one thread (``alone``)."""
        items = [freeze(item) for item in self.items if alone or not isinstance(item, JoinCgroup)]
        return Track(tuple(items), None if self.parks else self.code)


@dataclass(eq=False)
class DraftImage:
    """A process between two execs; ``first`` marks the first process of a pid namespace."""

    depth: int = 0
    crowded: bool = False
    first: bool = False
    tracks: list[DraftTrack] = field(default_factory=list)
    ender: DraftTrack | None = None
    ending: Exits | Dies | DraftExec = field(default_factory=Exits)
    abandons: bool = False

    def __post_init__(self) -> None:
        self.tracks.append(DraftTrack(self))

    def thread(self) -> DraftTrack | None:
        """Add a thread and return it; None if there are MAX_THREADS."""
        if len(self.tracks) == MAX_THREADS:
            return None
        self.tracks.append(DraftTrack(self))
        return self.tracks[-1]

    def end(self, thread: DraftTrack, ending: Exits | Dies, *, abandons: bool) -> None:
        """Let a thread end the process, unless the image ends in an exec."""
        if not isinstance(self.ending, DraftExec):
            self.ender, self.ending, self.abandons = thread, ending, abandons

    def exec(self, thread: DraftTrack, name: str) -> DraftTrack | None:
        """Let the image end in an exec and return the new leader; None if there is one already."""
        if isinstance(self.ending, DraftExec) or self.depth == MAX_DEPTH:
            return None
        self.ender = thread
        self.ending = DraftExec(name, DraftImage(self.depth + 1, self.crowded, self.first))
        return self.ending.image.tracks[0]

    def frozen(self) -> Image:
        """Return the image; the first process of a pid namespace exits after all others."""
        tracks = tuple(track.frozen(alone=len(self.tracks) == 1) for track in self.tracks)
        ender = self.tracks.index(self.ender) if self.ender else 0
        return Image(tracks, ender, self._ending(), self.abandons and not self.first)

    def _ending(self) -> Exits | Dies | Execs:
        if isinstance(self.ending, DraftExec):
            return Execs(self.ending.name, self.ending.image.frozen())
        if isinstance(self.ending, Dies):
            return Exits() if self.first else self.ending
        ender = self.ender or self.tracks[0]
        parked = any(track.parks for track in self.tracks if track is not ender)
        return Exits(self.ending.code, self.ending.alone and not parked)


@dataclass
class DraftExec:
    name: str
    image: DraftImage


def freeze(item: Item | DraftFork) -> Item:
    if not isinstance(item, DraftFork):
        return item
    return Fork(item.child.frozen(), item.count, item.child.first)
