"""Plans while they are drawn, step by step; what no process could do is left out at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from vmtests.workload.plan import Dies, Execs, Exits, Fork, Image, Item, JoinCgroup, Track

MOST_THREADS = 6
DEEPEST = 8
CROWD = 200
"""Processes that are there at once, at the most; their children are no crowds."""


@dataclass
class DraftFork:
    child: DraftImage
    count: int


@dataclass(eq=False)
class DraftTrack:
    """A thread and what it does, in the order in which the steps were drawn."""

    image: DraftImage
    items: list[Item | DraftFork] = field(default_factory=list)
    code: int = 0
    parks: bool = False

    def fork(self, count: int, *, pidns: bool) -> DraftTrack | None:
        """Add a child, or some that are alike; None where there are enough."""
        image = self.image
        if image.depth == DEEPEST or image.crowded:
            return None
        child = DraftImage(image.depth + 1, crowded=count > 1, first=pidns)
        self.items.append(DraftFork(child, count))
        return child.tracks[0]

    def frozen(self, *, alone: bool) -> Track:
        """The track; a process of several threads stays in its cgroup, as all of them do."""
        items = [freeze(item) for item in self.items if alone or not isinstance(item, JoinCgroup)]
        return Track(tuple(items), None if self.parks else self.code)


@dataclass(eq=False)
class DraftImage:
    """A process between two execs; ``first`` marks the first one of a pid namespace."""

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
        """Add a thread; None where there are enough."""
        if len(self.tracks) == MOST_THREADS:
            return None
        self.tracks.append(DraftTrack(self))
        return self.tracks[-1]

    def ends(self, thread: DraftTrack, ending: Exits | Dies, *, abandons: bool) -> None:
        """Let a thread end the process, unless that goes on in another program."""
        if not isinstance(self.ending, DraftExec):
            self.ender, self.ending, self.abandons = thread, ending, abandons

    def execs(self, thread: DraftTrack, name: str) -> DraftTrack | None:
        """Go on in another program; None where that is drawn already."""
        if isinstance(self.ending, DraftExec) or self.depth == DEEPEST:
            return None
        self.ender = thread
        self.ending = DraftExec(name, DraftImage(self.depth + 1, self.crowded, self.first))
        return self.ending.image.tracks[0]

    def frozen(self) -> Image:
        """The image; the first process of a namespace stays until all others are gone."""
        tracks = tuple(one.frozen(alone=len(self.tracks) == 1) for one in self.tracks)
        place = self.tracks.index(self.ender) if self.ender else 0
        return Image(tracks, place, self._ending(), self.abandons and not self.first)

    def _ending(self) -> Exits | Dies | Execs:
        if isinstance(self.ending, DraftExec):
            return Execs(self.ending.name, self.ending.image.frozen())
        if isinstance(self.ending, Dies):
            return Exits() if self.first else self.ending
        parked = any(one.parks for one in self.tracks if one is not (self.ender or self.tracks[0]))
        return Exits(self.ending.code, self.ending.alone and not parked)


@dataclass
class DraftExec:
    name: str
    image: DraftImage


def freeze(item: Item | DraftFork) -> Item:
    """An item of a plan."""
    if not isinstance(item, DraftFork):
        return item
    return Fork(item.child.frozen(), item.count, item.child.first)
