"""Who gives the verdict: the model, or a dialect; both through one interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Protocol

from model.facts import Event, Process
from model.filters import Binary, EventField, FieldKey, Key, New, Pattern
from model.match import matched_scopes, process_holds
from model.scope import Scope

from ...decode.argument_text import PrinterOf
from ...filters.parse import parse_filters
from .known_events import known_events


@dataclass(frozen=True, slots=True)
class Uses:
    """What the filters look at: a fact that none of them asks for need not be known.

    ``keys`` maps what is asked of processes to the scopes that ask; ``new_pid`` and
    ``new_container`` tell whether age counts; ``fields`` has, by event, the fields asked for
    and the scopes that ask, and ``events`` the scopes that selected each event.
    """

    keys: Mapping[Key, int] = field(default_factory=dict)
    new_pid: bool = False
    new_container: bool = False
    follow: int = 0
    binaries: frozenset[Binary] = frozenset()
    trees: frozenset[int] = frozenset()
    fields: Mapping[str, Mapping[FieldKey, int]] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)

    @property
    def lives(self) -> bool:
        """Whether anything is asked for that only the lives of processes tell."""
        known = Key.BINARY in self.keys or Key.TREE in self.keys
        return known or self.new_pid or self.follow != 0


class Judge(Protocol):
    """A meaning of flags."""

    uses: Uses
    exec_renews: bool
    thread_follows: bool
    shown_with_zero: frozenset[str]

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask of an event; ``base`` is what a derived one came from."""

    def process_mask(self, process: Process) -> int:
        """Return the scopes whose filters on processes hold."""

    def blind(self, event: str, key: FieldKey, printed: bytes, printer: PrinterOf | None) -> int:
        """Return the scopes that cannot be judged by the printed form of a field alone."""


class ModelJudge:
    """The model: the semantics page, and nothing else."""

    exec_renews = False
    """An exec makes no old process new (rule 9)."""

    thread_follows = False
    """A new thread is no fork (rule 13)."""

    shown_with_zero: frozenset[str] = frozenset()
    """No event is shown that no scope matches (rule 2)."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self.scopes = scopes
        self.uses = uses_of(scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Rule 15: what an event was derived from says nothing of it."""
        del base
        return matched_scopes(self.scopes, event)

    def process_mask(self, process: Process) -> int:
        """Rule 13: the tracer itself matches nothing."""
        if process.tracer:
            return 0
        return sum(one.bit for one in self.scopes if process_holds(one, process))

    def blind(self, event: str, key: FieldKey, printed: bytes, printer: PrinterOf | None) -> int:
        """Rule 7: the raw value is asked for by numbers, and by texts of digits."""
        place = (event, *key)
        conditions = (
            (one.bit, condition.value)
            for one in self.scopes
            for condition in one.conditions
            if isinstance(condition.key, EventField)
            and (condition.key.event, condition.key.part.value, condition.key.name) == place
        )
        return union(bit for bit, v in conditions if needs_raw(v, printed, printer))


def needs_raw(value: object, printed: bytes, printer: PrinterOf | None) -> bool:
    """Whether a raw number that is printed like this may meet a value that its print does not."""
    if not isinstance(value, Pattern):
        return True
    digits = value.text.removeprefix(b"-")
    if not digits.isdigit():
        return False
    return not value.exact or printer is None or printer(int(value.text)).encode() == printed


def union(masks: Iterable[int]) -> int:
    """Return all bits of the masks."""
    return reduce(or_, masks, 0)


def model_judge(flags: Sequence[str]) -> ModelJudge:
    """Return the model for the scopes of flags; UsageError for one that is wrong."""
    return ModelJudge(parse_filters(flags, known_events()))


def uses_of(scopes: Sequence[Scope]) -> Uses:
    """Return what the scopes look at."""
    conditions = [one for scope in scopes for one in scope.conditions]
    values = [one.value for one in conditions]
    new = {one.key for one in conditions if isinstance(one.value, New)}
    keys = {key for scope in scopes for key in scope.process}
    events = {name for scope in scopes for name in scope.events}
    return Uses(
        keys={key: union(s.bit for s in scopes if key in s.process) for key in keys},
        new_pid=Key.PID in new,
        new_container=Key.CONTAINER in new,
        follow=union(scope.bit for scope in scopes if scope.follow),
        binaries=frozenset(value for value in values if isinstance(value, Binary)),
        trees=frozenset(
            one.value for one in conditions if one.key is Key.TREE and isinstance(one.value, int)
        ),
        fields={name: fields_of(scopes, name) for s in scopes for name in s.fields},
        events={name: union(s.bit for s in scopes if name in s.events) for name in events},
    )


def fields_of(scopes: Iterable[Scope], event: str) -> dict[FieldKey, int]:
    """Return the fields of an event that any scope filters, and which scopes do."""
    asked = [(key, scope.bit) for scope in scopes for key, _ in scope.fields.get(event, ())]
    return {key: union(bit for other, bit in asked if other == key) for key, _ in sorted(asked)}
