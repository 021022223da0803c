# SPDX-License-Identifier: Apache-2.0
"""What a stream tells of the lives of its processes: programs, descent, age, following.

No event in JSON says which program its process runs, what it descends from, whether it began
after tracing did, or which scopes follow it; forks, execs and exits do, if the stream has
all of them.  What began before the stream stays open, unless the stream is known to begin
where tracing did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from os import fsencode
from typing import Any, Final

from model.filters import Binary

from ..reference.semantics import Semantics
from .events_json import REPLACED, Traced

FORK, EXEC, EXIT = LIFE = ("sched_process_fork", "sched_process_exec", "sched_process_exit")

CONTAINERS: Final = {"container_create": True, "existing_container": False}
"""Events that tell whether a container is new."""


class Begins(Enum):
    """Where a stream begins: anywhere, with the tracing of a host, or with that of a command."""

    ANYWHERE = "anywhere"
    HOST = "host"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a process; None is not known.

    ``followed`` has the scopes that follow it, ``perhaps`` those that may.  ``ancestry`` holds
    itself and what it is known to descend from, up to a process whose fork was not seen; of
    these only the ones that a filter names, so that the lives of most processes are alike.
    """

    ancestry: frozenset[int]
    binary: Binary | None = None
    new: bool | None = None
    followed: int = 0
    perhaps: int = 0


Following = Callable[[Traced, Life], tuple[int, int]]
"""Returns the scopes that match a process, and those that may."""


class Lives:
    """Every living process that the stream told of; dead ones are forgotten.

    ``told`` is whether the stream has all forks, execs and exits; if not, only what an event
    carries itself counts.  ``containers`` maps the ids that it told of to whether they are new.
    """

    def __init__(
        self, semantics: Semantics, begins: Begins, matching: Following, *, told: bool
    ) -> None:
        self._semantics = semantics
        self._matching = matching
        self._told = told
        self._lives: dict[int, Life] = {}
        self._unseen = unseen(begins if told else Begins.ANYWHERE, semantics)
        self._born: set[int] = set()
        self.containers: dict[str, bool] = {}

    def __len__(self) -> int:
        """Return how many processes are remembered."""
        return len(self._lives)

    def of(self, pid: int) -> Life:
        """Return what is known of a process."""
        life = self._lives.get(pid)
        return life or self._under(pid, self._unseen)

    def may_descend(self, life: Life, pid: int) -> bool:
        """Whether a process may descend from one that is not known to be above it.

        What was born in the stream has no other children than those seen.
        """
        return pid not in life.ancestry and pid not in self._born

    def _under(self, pid: int, life: Life) -> Life:
        """Return the life as that of a process of this id (rule 12)."""
        if pid not in self._semantics.uses.trees:
            return life
        return replace(life, ancestry=life.ancestry | {pid})

    def before(self, event: Traced) -> None:
        """Take in an event before it is judged: an exec carries what it made of the process."""
        name = event["eventName"]
        if name == EXEC:
            self._executed(event)
        elif name == FORK and self._told:
            self._forked(event)
        elif name in CONTAINERS:
            self._container(event, new=CONTAINERS[name])

    def after(self, event: Traced) -> None:
        """Take in an event after it was judged: an exit has the last facts."""
        name = event["eventName"]
        if name == EXIT and argument(event, "process_group_exit"):
            self._lives.pop(event["hostProcessId"], None)
        elif name == EXEC and not self._told:
            self._lives.clear()
        elif name == "container_remove":
            self.containers.pop(argument(event, "container_id"), None)

    def _executed(self, event: Traced) -> None:
        pid, path = event["hostProcessId"], argument(event, "pathname")
        known = isinstance(path, str) and REPLACED not in path
        binary = Binary(fsencode(path), event["mountNamespace"]) if known else None
        life = replace(self.of(pid), binary=binary)
        if self._semantics.exec_makes_new:
            life = replace(life, new=True)
        self._lives[pid] = self._follow(event, life, life)

    def _forked(self, event: Traced) -> None:
        parent, child = event["hostProcessId"], argument(event, "child_pid")
        life = self.of(parent)
        if child == parent:
            if self._semantics.thread_makes_followed:
                self._lives[parent] = self._follow(event, life, life)
            return
        if child in self._semantics.uses.trees:
            self._born.add(child)
        begun = replace(self._under(child, life), new=True)
        self._lives[child] = self._follow(event, life, begun)

    def _container(self, event: Traced, *, new: bool) -> None:
        """Rule 11: note whether a container began after tracing did."""
        id_ = argument(event, "container_id")
        if isinstance(id_, str) and self._semantics.uses.new_container:
            self.containers[id_] = new

    def _follow(self, event: Traced, matched: Life, life: Life) -> Life:
        """Rule 13: what matches now is followed from now on."""
        if not self._semantics.uses.follow:
            return life
        certain, open_ = self._matching(event, matched)
        follow = self._semantics.uses.follow
        followed = life.followed | certain & follow
        return replace(life, followed=followed, perhaps=(life.perhaps | open_ & follow) & ~followed)


def unseen(begins: Begins, semantics: Semantics) -> Life:
    """Return what is known of a process whose beginning the stream does not tell."""
    new = {Begins.ANYWHERE: None, Begins.HOST: False, Begins.COMMAND: True}[begins]
    perhaps = semantics.uses.follow if begins is Begins.ANYWHERE else 0
    return Life(frozenset(), new=new, perhaps=perhaps)


def argument(event: Mapping[str, Any], name: str) -> Any:
    """Return the value of an argument, None if there is none."""
    return next((one.get("value") for one in event.get("args") or () if one["name"] == name), None)
