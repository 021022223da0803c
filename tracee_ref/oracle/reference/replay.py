"""The model led along a journal: which events come out, and with which masks (rules 9 to 17).

Forks, execs and ends of tasks are events themselves, with the facts that rule 17 gives them;
so are system calls, at their return but for those that do not return, and whatever else the
journal says happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from model.facts import Event, Process, derived
from model.lifecycle import (
    Exec,
    Exit,
    Fork,
    LifeEvent,
    SetComm,
    SetContainer,
    SetNamespaces,
    SetUid,
    Start,
    State,
    begin,
    carried,
    step,
)
from model.match import matched_scopes
from model.scope import Scope

from ..protocol.encoding import Data, FormatError, mask_data, read_bytes, read_number
from ..protocol.facts import read_binary, read_container, read_fields, read_process

AT_ENTRY: Final = frozenset({"exit", "exit_group", "rt_sigreturn"})
"""Calls that never return as calls do: told at once, with the facts of their entry."""

LIFE_EVENTS: Final[Mapping[type, str]] = {
    Fork: "sched_process_fork",
    Exec: "sched_process_exec",
    Exit: "sched_process_exit",
}
"""Steps of process life that are events themselves."""


def read_life(data: Mapping[str, Data]) -> LifeEvent:
    """Return a step of process life; FormatError if it is none."""
    tid, kind = data["tid"], data["do"]
    if kind == "fork":
        return Fork(tid, data["child_pid"], data["child_tid"])
    if kind == "exec":
        binary = read_binary(data["binary"])
        if binary is not None:
            return Exec(tid, binary, read_bytes(data["comm"]))
    if kind == "exit":
        return Exit(tid)
    if kind == "set_uid":
        return SetUid(tid, data["uid"])
    if kind == "set_comm":
        return SetComm(tid, read_bytes(data["comm"]))
    if kind == "set_namespaces":
        inodes = (read_number(data[name]) if name in data else None for name in ("mntns", "pidns"))
        return SetNamespaces(tid, read_bytes(data["uts"]) if "uts" in data else None, *inodes)
    if kind == "set_container":
        return SetContainer(tid, read_container(data["container"]))
    raise FormatError(f"{data!r} is no step of a journal")


@dataclass
class Replay:
    """Tasks as they are after the steps so far; ``told`` has the events that are shown.

    ``happened`` has all of them, with the number of the step.
    """

    scopes: Sequence[Scope]
    state: State
    told: list[Data] = field(default_factory=list)
    happened: list[tuple[int, Event]] = field(default_factory=list)
    _entered: dict[int, tuple[Process, Mapping[str, Data]]] = field(default_factory=dict)

    def take(self, number: int, data: Mapping[str, Data]) -> None:
        """Go one step further; ``number`` is its place in the journal."""
        kind, tid = data["do"], data["tid"]
        if kind == "enter":
            self._enter(number, data)
        elif kind == "return":
            self._entered.pop(tid, None)
            self._tell(number, self._event(data["call"], self.state.facts(tid), data))
        elif kind == "event":
            self._happen(number, data)
        else:
            self._live(number, read_life(data))

    def _enter(self, number: int, data: Mapping[str, Data]) -> None:
        facts = self.state.facts(data["tid"])
        if data["call"] in AT_ENTRY:
            self._tell(number, self._event(data["call"], facts, data))
        else:
            self._entered[data["tid"]] = facts, data

    def _happen(self, number: int, data: Mapping[str, Data]) -> None:
        base = self._event(data["name"], self.state.facts(data["tid"]), data)
        self._tell(number, base)
        for made in data.get("derived", ()):
            self._tell(number, derived(base, made["name"], read_fields(made.get("fields", ()))))

    def _live(self, number: int, event: LifeEvent) -> None:
        entered = self._entered.get(event.tid)
        if isinstance(event, Exec) and entered is not None:  # the call that made it succeeded
            facts, call = entered
            self._tell(number, self._event(call["call"], facts, call))
            del self._entered[event.tid]
        before, self.state = self.state, step(self.scopes, self.state, event)
        self._entered = {tid: one for tid, one in self._entered.items() if tid in self.state.tasks}
        if type(event) in LIFE_EVENTS:
            self._tell(number, Event(LIFE_EVENTS[type(event)], carried(before, event, self.state)))

    def _event(self, name: str, facts: Process, data: Mapping[str, Data]) -> Event:
        return Event(name, facts, read_fields(data.get("fields", ())))

    def _tell(self, number: int, event: Event) -> None:
        """Rule 2: an event is shown once, if any scope matches it."""
        self.happened.append((number, event))
        mask = matched_scopes(self.scopes, event)
        if mask:
            self.told.append({"step": number, "event": event.name} | mask_data(mask))


def begin_data(before: Iterable[Mapping[str, Data]]) -> State:
    """Return who is there before tracing begins."""
    return begin(Start(read_process(one["process"]), one.get("ppid", 0)) for one in before)


def replay(
    scopes: Sequence[Scope], before: Iterable[Mapping[str, Data]], journal: Iterable[Data]
) -> list[Data]:
    """Return the events that come out of a journal; ValueError for what cannot happen."""
    return lead(scopes, before, journal).told


def lead(
    scopes: Sequence[Scope], before: Iterable[Mapping[str, Data]], journal: Iterable[Data]
) -> Replay:
    """Return the replay of a journal; ValueError for what cannot happen."""
    led = Replay(scopes, begin_data(before))
    for number, data in enumerate(journal):
        led.take(number, data)
    return led
