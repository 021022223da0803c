"""Which events a scope chooses (section 1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from model.filters import Op
from model.selection import named

from ....filters import values
from ....filters.syntax import Flag, expression_error
from ....refusal import refused
from ...streams.known_events import SIGNATURES
from .events import rows, sets_of_events

EVENT: Final = frozenset({"e", "ev", "eve", "even", "event"})
SET: Final = frozenset({"s", "se", "set"})


@dataclass(slots=True)
class Choice:
    """The values of ``event=``, ``event!=`` and ``set=`` of one scope; ``set!=`` is ignored."""

    events: list[str] = field(default_factory=list)
    not_events: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)

    def take(self, flag: Flag) -> bool:
        """Take in a flag if it chooses events; ``event`` and ``set`` alone made it panic."""
        if flag.name not in EVENT | SET:
            return False
        if flag.op not in (Op.EQ, Op.NE):
            raise expression_error(flag.text, "event and set take = and !=")
        listed = values.listed(flag)
        check(flag, listed)
        if flag.name in EVENT:
            (self.events if flag.op is Op.EQ else self.not_events).extend(listed)
        elif flag.op is Op.EQ:
            self.sets.extend(listed)
        return True

    def chosen(self) -> frozenset[str]:
        """Return the events: an exact name even if it is excluded, others unless they are."""
        excluded = named(self.not_events, public())
        exact = {name for name in self.events if not name.endswith("*")}
        sets = self.sets if self.sets or self.events else ["default"]
        members = {name for name, of in sets_of_events().items() if not of.isdisjoint(sets)}
        return frozenset(exact | ((named(self.events, public()) | members) - excluded))


def public() -> Iterable[str]:
    """Return the events that a flag can name: all but the internal ones."""
    return [row.name for row in rows().values() if not row.internal] + [*SIGNATURES]


def check(flag: Flag, listed: Iterable[str]) -> None:
    """Refuse an event or a set that there is not."""
    for value in listed:
        if flag.name in EVENT and not named([value], public()):
            verb = "trace" if flag.op is Op.EQ else "exclude"
            raise refused(f"invalid event to {verb}: {value}", flag.text, "see --list")
        if flag.name in SET and not any(value in of for of in sets_of_events().values()):
            raise refused(f"invalid set to trace: {value}", flag.text, "see --list")
