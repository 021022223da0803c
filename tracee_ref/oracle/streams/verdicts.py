# SPDX-License-Identifier: Apache-2.0
"""The mask that an event of a stream must carry, as far as the stream can tell.

Most events repeat the facts of others, so verdicts are kept by the facts that filters ask
for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import and_, itemgetter, or_
from typing import Any, Final, NamedTuple

from model.filters import FieldKey, Key

from ..reference.semantics import Semantics, union
from .events_json import PROGRAM, Traced, program_of
from .json_fields import Read, read_field
from .process_state import Begins, Life, Lives
from .uncertainty import Settled, person_of, settle

KEPT: Final = 1 << 16
"""Verdicts kept; programs repeat themselves far more often than that."""

COLUMNS: Final[Mapping[Key, tuple[str, ...]]] = {
    Key.COMM: ("processName",),
    Key.UTS: ("hostName",),
    Key.UID: ("userId",),
    Key.PID: ("hostProcessId", "hostThreadId"),
    Key.MNTNS: ("mountNamespace",),
    Key.PIDNS: ("pidNamespace",),
    Key.CONTAINER: ("containerId",),
    Key.IN_CONTAINER: ("containerId",),
}
"""The keys in JSON of what filters ask of processes."""


class Verdict(NamedTuple):
    """Bits that must be set, bits that may be, and what would tell."""

    certain: int
    open: int = 0
    needs: Mapping[str, str] = {}

    def allows(self, mask: int) -> bool:
        """Whether an event may carry this mask."""
        return mask & ~self.open == self.certain


class Verdicts:
    """Judges the events of one stream, in its order."""

    def __init__(
        self,
        semantics: Semantics,
        begins: Begins = Begins.ANYWHERE,
        tracers: frozenset[int] = frozenset(),
        *,
        told: bool = False,
    ) -> None:
        self.semantics = semantics
        self.lives = Lives(semantics, begins, self._following, told=told)
        self._tracers = tracers
        self._kept: dict[Any, Verdict] = {}
        self._lives_count = semantics.uses.process_state
        self._all = union(semantics.uses.events.values())
        columns = {column for key in semantics.uses.keys for column in COLUMNS.get(key, ())}
        columns |= {"hostProcessId"} if tracers else set()
        columns |= {"containerId"} if semantics.uses.new_container else set()
        self._facts = itemgetter("eventName", *sorted(columns))

    def of(self, event: Traced) -> Verdict:
        """Return the verdict on an event, and take in what it tells of processes."""
        self.lives.before(event)
        verdict = self.now(event)
        self.lives.after(event)
        return verdict

    def now(self, event: Traced) -> Verdict:
        """Return the verdict on an event that was taken in before."""
        uses = self.semantics.uses
        life = self._life(event) if self._lives_count else NOBODY
        fields = self._fields(event)
        new = self.lives.containers.get(event["containerId"]) if uses.new_container else None
        facts = (self._facts(event), life, (*fields.values(),), new)
        verdict = self._kept.get(facts)
        if verdict is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            verdict = self._kept[facts] = self._decide(event, life, fields)
        return verdict

    def settled(self, event: Traced) -> Settled:
        """Return all that an event may be, for an explanation; the stream is where it was."""
        person = person_of(self.semantics, event, self._life(event), self.lives, self._tracers)
        return settle(self.semantics, event, self._fields(event), person)

    def _fields(self, event: Traced) -> dict[FieldKey, Read]:
        asked = self.semantics.uses.fields.get(event["eventName"], ())
        return {key: read_field(event, key) for key in asked}

    def _life(self, event: Traced) -> Life:
        life = self.lives.of(event["hostProcessId"])
        if life.binary is None and PROGRAM in event:
            return replace(life, binary=program_of(event))
        return life

    def _decide(self, event: Traced, life: Life, fields: dict[FieldKey, Read]) -> Verdict:
        person = person_of(self.semantics, event, life, self.lives, self._tracers)
        known = settle(self.semantics, event, fields, person)
        masks = [self.semantics.mask(one) for one in known.events]
        certain, some = reduce(and_, masks), reduce(or_, masks)
        vague = known.vague & self._all
        open_ = (some & ~certain) | vague
        return Verdict(certain & ~vague, open_, known.needs if open_ else {})

    def _following(self, event: Traced, life: Life) -> tuple[int, int]:
        """Return the scopes whose filters on the process hold, and those where they may."""
        person = person_of(self.semantics, event, life, self.lives, self._tracers)
        masks = [self.semantics.process_mask(one) for one in person.processes]
        certain = reduce(and_, masks) & ~person.vague
        return certain, (reduce(or_, masks) | person.vague) & ~certain


NOBODY: Final = Life(frozenset())
"""Stands for a life where no filter asks for any."""
