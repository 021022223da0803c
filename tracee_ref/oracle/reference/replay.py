# SPDX-License-Identifier: Apache-2.0
"""Replay of a journal by the model: printed events and masks (rules 9 to 17).

A fork, exec or exit is an event itself, with the facts of rule 17.  A syscall is an event at
its exit, or at its entry if it does not return.  Other events are steps of the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...model.facts import Event, Process, derived
from ...model.lifecycle import (
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
    event_facts,
    initial_state,
    step,
)
from ...model.match import matched_scopes
from ...model.scope import Scope
from ..protocol.encoding import Data, FormatError, mask_data, read_bytes, read_number
from ..protocol.facts import read_binary, read_container, read_fields, read_process

AT_ENTRY: Final = frozenset({"exit", "exit_group", "rt_sigreturn"})
"""Syscalls that do not return: events at their entry, with the facts of the entry."""

TASK_EVENTS: Final[Mapping[type, str]] = {
    Fork: "sched_process_fork",
    Exec: "sched_process_exec",
    Exit: "sched_process_exit",
}
"""Changes of tasks that are events themselves."""


def read_change(data: Mapping[str, Data]) -> LifeEvent:
    """Decode a step that changes tasks; raise FormatError for any other."""
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
    raise FormatError(f"{data!r} is not a step of a journal")


@dataclass
class Replay:
    """The tasks after the steps so far, and the events of these steps.

    ``printed`` holds the events that a scope matches, as JSON data; ``events`` holds all events,
    each with the index of its step.
    """

    scopes: Sequence[Scope]
    state: State
    printed: list[Data] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    _entered: dict[int, tuple[Process, Mapping[str, Data]]] = field(default_factory=dict)

    def apply(self, number: int, data: Mapping[str, Data]) -> None:
        """Apply a step of the journal; `number` is its index."""
        kind, tid = data["do"], data["tid"]
        if kind == "enter":
            self._enter(number, data)
        elif kind == "return":
            self._entered.pop(tid, None)
            self._emit(number, self._event(data["call"], self.state.facts(tid), data))
        elif kind == "event":
            self._event_step(number, data)
        else:
            self._change(number, read_change(data))

    def _enter(self, number: int, data: Mapping[str, Data]) -> None:
        facts = self.state.facts(data["tid"])
        if data["call"] in AT_ENTRY:
            self._emit(number, self._event(data["call"], facts, data))
        else:
            self._entered[data["tid"]] = facts, data

    def _event_step(self, number: int, data: Mapping[str, Data]) -> None:
        base = self._event(data["name"], self.state.facts(data["tid"]), data)
        self._emit(number, base)
        for event in data.get("derived", ()):
            self._emit(number, derived(base, event["name"], read_fields(event.get("fields", ()))))

    def _change(self, number: int, event: LifeEvent) -> None:
        entered = self._entered.get(event.tid)
        if isinstance(event, Exec) and entered is not None:  # the execve succeeded
            facts, call = entered
            self._emit(number, self._event(call["call"], facts, call))
            del self._entered[event.tid]
        before, self.state = self.state, step(self.scopes, self.state, event)
        self._entered = {
            tid: call for tid, call in self._entered.items() if tid in self.state.tasks
        }
        if type(event) in TASK_EVENTS:
            self._emit(
                number, Event(TASK_EVENTS[type(event)], event_facts(before, event, self.state))
            )

    def _event(self, name: str, facts: Process, data: Mapping[str, Data]) -> Event:
        return Event(name, facts, read_fields(data.get("fields", ())))

    def _emit(self, number: int, event: Event) -> None:
        """Record an event; print it once if any scope matches it (rule 2)."""
        self.events.append((number, event))
        mask = matched_scopes(self.scopes, event)
        if mask:
            self.printed.append({"step": number, "event": event.name} | mask_data(mask))


def read_state(before: Iterable[Mapping[str, Data]]) -> State:
    """Return the tasks that exist when tracing starts."""
    return initial_state(
        Start(read_process(task["process"]), task.get("ppid", 0)) for task in before
    )


def replay(
    scopes: Sequence[Scope], before: Iterable[Mapping[str, Data]], journal: Iterable[Data]
) -> list[Data]:
    """Return the printed events of a journal; raise ValueError for a step that cannot happen."""
    return run_journal(scopes, before, journal).printed


def run_journal(
    scopes: Sequence[Scope], before: Iterable[Mapping[str, Data]], journal: Iterable[Data]
) -> Replay:
    """Return the replay of a journal; raise ValueError for a step that cannot happen."""
    run = Replay(scopes, read_state(before))
    for number, data in enumerate(journal):
        run.apply(number, data)
    return run
