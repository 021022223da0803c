# SPDX-License-Identifier: Apache-2.0
"""Expected mask of each event of a stream, as far as its facts are resolved.

Most events repeat the facts of earlier ones, so verdicts are cached by the facts that filters
compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import and_, itemgetter, or_
from typing import Any, Final, NamedTuple

from ...model.filters import FieldKey, Key
from ..reference.semantics import Semantics, union
from .events_json import EXECUTABLE_KEY, JsonEvent, binary_of
from .json_fields import JsonField, read_field
from .process_state import Begins, ProcessState, ProcessTable
from .uncertainty import PossibleEvents, PossibleProcesses, possible_events, possible_processes

CACHE_SIZE: Final = 1 << 16
"""Limit of cached verdicts; more would cost memory for few hits."""

JSON_KEYS: Final[Mapping[Key, tuple[str, ...]]] = {
    Key.COMM: ("processName",),
    Key.UTS: ("hostName",),
    Key.UID: ("userId",),
    Key.PID: ("hostProcessId", "hostThreadId"),
    Key.MNTNS: ("mountNamespace",),
    Key.PIDNS: ("pidNamespace",),
    Key.CONTAINER: ("containerId",),
    Key.IN_CONTAINER: ("containerId",),
}
"""Kind of filter on processes -> keys of the facts in JSON."""


class Verdict(NamedTuple):
    """Scopes that match an event, undecidable scopes, and what would decide these."""

    certain: int
    undecidable: int = 0
    needs: Mapping[str, str] = {}

    def allows(self, mask: int) -> bool:
        """Whether an event may carry this mask."""
        return mask & ~self.undecidable == self.certain


class Verdicts:
    """Verdicts on the events of one stream, in its order."""

    def __init__(
        self,
        semantics: Semantics,
        begins: Begins = Begins.ANYWHERE,
        tracers: frozenset[int] = frozenset(),
        *,
        complete: bool = False,
    ) -> None:
        self.semantics = semantics
        self.processes = ProcessTable(semantics, begins, self._match_process, complete=complete)
        self._tracers = tracers
        self._cache: dict[Any, Verdict] = {}
        self._needs_state = semantics.uses.process_state
        self._selecting = union(semantics.uses.events.values())
        keys = {name for key in semantics.uses.keys for name in JSON_KEYS.get(key, ())}
        keys |= {"hostProcessId"} if tracers else set()
        keys |= {"containerId"} if semantics.uses.new_container else set()
        self._facts = itemgetter("eventName", *sorted(keys))

    def of(self, event: JsonEvent) -> Verdict:
        """Return the verdict on an event, and apply it to the processes."""
        self.processes.update_before(event)
        verdict = self.now(event)
        self.processes.update_after(event)
        return verdict

    def now(self, event: JsonEvent) -> Verdict:
        """Return the verdict on an event after ``processes.update_before``."""
        uses = self.semantics.uses
        state = self._state(event) if self._needs_state else NO_STATE
        fields = self._fields(event)
        new = self.processes.containers.get(event["containerId"]) if uses.new_container else None
        facts = (self._facts(event), state, (*fields.values(),), new)
        verdict = self._cache.get(facts)
        if verdict is None:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            verdict = self._cache[facts] = self._decide(event, state, fields)
        return verdict

    def possible_events(self, event: JsonEvent) -> PossibleEvents:
        """Return the possible events of an event, for an explanation; change no state."""
        possible = self._processes(event, self._state(event))
        return possible_events(self.semantics, event, self._fields(event), possible)

    def _processes(self, event: JsonEvent, state: ProcessState) -> PossibleProcesses:
        return possible_processes(self.semantics, event, state, self.processes, self._tracers)

    def _fields(self, event: JsonEvent) -> dict[FieldKey, JsonField]:
        filtered = self.semantics.uses.fields.get(event["eventName"], ())
        return {key: read_field(event, key) for key in filtered}

    def _state(self, event: JsonEvent) -> ProcessState:
        state = self.processes.get(event["hostProcessId"])
        if state.binary is None and EXECUTABLE_KEY in event:
            return replace(state, binary=binary_of(event))
        return state

    def _decide(
        self, event: JsonEvent, state: ProcessState, fields: dict[FieldKey, JsonField]
    ) -> Verdict:
        possible = self._processes(event, state)
        found = possible_events(self.semantics, event, fields, possible)
        masks = [self.semantics.mask(candidate) for candidate in found.events]
        certain, possible_mask = reduce(and_, masks), reduce(or_, masks)
        always_undecidable = found.undecidable & self._selecting
        undecidable = (possible_mask & ~certain) | always_undecidable
        return Verdict(certain & ~undecidable, undecidable, found.needs if undecidable else {})

    def _match_process(self, event: JsonEvent, state: ProcessState) -> tuple[int, int]:
        """Return the scopes that match the process, and those that may."""
        possible = self._processes(event, state)
        masks = [self.semantics.process_mask(process) for process in possible.processes]
        certain = reduce(and_, masks) & ~possible.undecidable
        return certain, (reduce(or_, masks) | possible.undecidable) & ~certain


NO_STATE: Final = ProcessState(frozenset())
"""State of every process if no filter needs any."""
