# SPDX-License-Identifier: Apache-2.0
"""State of the processes of a stream: executed file, ancestry, age, following.

No event in JSON carries the executed file of its process, its ancestors, whether it started after
tracing did, or which scopes follow it.  These facts follow from forks, execs and exits, if the
stream has all of them.  For a process older than the stream they are unresolved, unless the
stream is known to begin at the start of tracing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from ...model.filters import Binary
from ...strings import bytes_of
from ..reference.semantics import Semantics
from .events_json import JsonEvent, is_resolved

FORK, EXEC, EXIT = PROCESS_EVENTS = (
    "sched_process_fork",
    "sched_process_exec",
    "sched_process_exit",
)

CONTAINER_EVENTS: Final = {"container_create": True, "existing_container": False}
"""Event -> whether its container started after tracing did."""


class Begins(Enum):
    """Beginning of a stream: anywhere, or the start of tracing a host or a command."""

    ANYWHERE = "anywhere"
    HOST = "host"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The facts of a process that follow from earlier events; None is unresolved.

    ``followed`` is the mask of scopes that follow it, ``maybe_followed`` of those that may.
    ``ancestry`` holds the process and its ancestors, up to a process without a fork in the
    stream, but only those that a ``tree`` filter names, so that most states are equal.
    """

    ancestry: frozenset[int]
    binary: Binary | None = None
    new: bool | None = None
    followed: int = 0
    maybe_followed: int = 0


MatchProcess = Callable[[JsonEvent, ProcessState], tuple[int, int]]
"""Returns the mask of scopes that match a process, and of those that may."""


class ProcessTable:
    """The state of each running process of a stream; an exited process is removed.

    ``complete`` means that the stream has all forks, execs and exits; without, only the facts
    that an event carries itself count.  ``containers`` maps the ids of containers to whether
    they started after tracing did; of an absent one that is unresolved.
    """

    def __init__(
        self, semantics: Semantics, begins: Begins, match: MatchProcess, *, complete: bool
    ) -> None:
        self._semantics = semantics
        self._match = match
        self._complete = complete
        self._states: dict[int, ProcessState] = {}
        self._older = state_of_older(begins if complete else Begins.ANYWHERE, semantics)
        self._forked_in_stream: set[int] = set()
        self.containers: dict[str, bool] = {}

    def __len__(self) -> int:
        """Return the number of processes with a state."""
        return len(self._states)

    def get(self, pid: int) -> ProcessState:
        """Return the state of a process."""
        state = self._states.get(pid)
        return state or self._with_ancestor(pid, self._older)

    def may_descend(self, state: ProcessState, pid: int) -> bool:
        """Whether a process may descend from `pid`, which is not in its resolved ancestry.

        A process that was forked in the stream has no children but those of the stream.
        """
        return pid not in state.ancestry and pid not in self._forked_in_stream

    def _with_ancestor(self, pid: int, state: ProcessState) -> ProcessState:
        """Return the state with `pid` in its ancestry, if a filter names it (rule 12)."""
        if pid not in self._semantics.uses.trees:
            return state
        return replace(state, ancestry=state.ancestry | {pid})

    def update_before(self, event: JsonEvent) -> None:
        """Apply an event before its mask is computed: an exec has the new facts."""
        name = event["eventName"]
        if name == EXEC:
            self._exec(event)
        elif name == FORK and self._complete:
            self._fork(event)
        elif name in CONTAINER_EVENTS:
            self._container(event, new=CONTAINER_EVENTS[name])

    def update_after(self, event: JsonEvent) -> None:
        """Apply an event after its mask was computed: an exit has the last facts."""
        name = event["eventName"]
        if name == EXIT and argument(event, "process_group_exit"):
            self._states.pop(event["hostProcessId"], None)
        elif name == EXEC and not self._complete:
            self._states.clear()
        elif name == "container_remove":
            self.containers.pop(argument(event, "container_id"), None)

    def _exec(self, event: JsonEvent) -> None:
        pid, path = event["hostProcessId"], argument(event, "pathname")
        resolved = isinstance(path, str) and is_resolved(path)
        binary = Binary(bytes_of(path), event["mountNamespace"]) if resolved else None
        state = replace(self.get(pid), binary=binary)
        if self._semantics.exec_makes_new:
            state = replace(state, new=True)
        self._states[pid] = self._followed(event, state, state)

    def _fork(self, event: JsonEvent) -> None:
        parent, child = event["hostProcessId"], argument(event, "child_pid")
        if child is None:
            return
        state = self.get(parent)
        if child == parent:
            if self._semantics.thread_makes_followed:
                self._states[parent] = self._followed(event, state, state)
            return
        if child in self._semantics.uses.trees:
            self._forked_in_stream.add(child)
        forked = replace(self._with_ancestor(child, state), new=True)
        self._states[child] = self._followed(event, state, forked)

    def _container(self, event: JsonEvent, *, new: bool) -> None:
        """Record whether a container started after tracing did (rule 11)."""
        container_id = argument(event, "container_id")
        if isinstance(container_id, str) and self._semantics.uses.new_container:
            self.containers[container_id] = new

    def _followed(
        self, event: JsonEvent, matched: ProcessState, state: ProcessState
    ) -> ProcessState:
        """Return `state`, followed by the scopes that match `matched` now (rule 13)."""
        follow = self._semantics.uses.follow
        if not follow:
            return state
        certain, possible = self._match(event, matched)
        followed = state.followed | certain & follow
        maybe_followed = (state.maybe_followed | possible & follow) & ~followed
        return replace(state, followed=followed, maybe_followed=maybe_followed)


def state_of_older(begins: Begins, semantics: Semantics) -> ProcessState:
    """Return the state of a process without a fork in the stream."""
    new = {Begins.ANYWHERE: None, Begins.HOST: False, Begins.COMMAND: True}[begins]
    maybe_followed = semantics.uses.follow if begins is Begins.ANYWHERE else 0
    return ProcessState(frozenset(), new=new, maybe_followed=maybe_followed)


def argument(event: Mapping[str, Any], name: str) -> Any:
    """Return the value of an argument, None if it is absent."""
    return next((arg.get("value") for arg in event.get("args") or () if arg["name"] == name), None)
