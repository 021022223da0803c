"""The account at the end of a run: no event goes missing without being counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """What became of events; those ``taken_in`` were of use only to others (rule 16)."""

    delivered: int = 0
    filtered: int = 0
    dropped: int = 0
    taken_in: int = 0

    @property
    def total(self) -> int:
        """How many there were, whatever became of them."""
        return self.delivered + self.filtered + self.dropped + self.taken_in


@dataclass(frozen=True, slots=True)
class Account:
    """Counters per CPU of the kernel side, and what the reader made of it.

    For each CPU ``seen = filtered + submitted + lost``; in total ``submitted = delivered +
    filtered + dropped + taken in``, where ``filtered`` are the events that filters on their
    fields left in no scope when user space asked them, and those taken in served others alone
    (rule 16).  ``made`` is the number of derived events, None if there could be none, and
    ``derived`` what became of them.  ``missed`` events were not even seen: the kernel does not
    run a program that is running on that CPU already.
    """

    kernel: Mapping[str, Sequence[int]]
    records: Tally
    derived: Tally = field(default_factory=Tally)
    made: int | None = None
    missed: int = 0

    def total(self, counter: str) -> int:
        """Return a counter's sum over all CPUs."""
        return sum(self.kernel[counter])

    def balances(self) -> bool:
        """Whether all sums hold."""
        names = ("seen", "filtered", "submitted", "lost")
        columns = zip(*(self.kernel[name] for name in names), strict=True)
        return (
            all(seen == filtered + sent + lost for seen, filtered, sent, lost in columns)
            and self.total("submitted") == self.records.total
            and (self.made or 0) == self.derived.total
        )

    def lines(self) -> list[str]:
        """Return the summary for stderr, with a remedy for what went wrong."""
        total = self.total
        lines = [
            f"events: seen {total('seen')} = filtered {total('filtered')}"
            f" + submitted {total('submitted')} + lost {total('lost')};"
            f" submitted {total('submitted')} = {self._fates(self.records)}",
        ]
        if self.made is not None:
            lines[0] += f" + taken in {self.records.taken_in}"
            lines.append(f"derived events: made {self.made} = {self._fates(self.derived)}")
        if total("lost"):
            lines.append(f"{total('lost')} events lost: raise --buffer, or filter more")
        if self.missed:
            lines.append(f"{self.missed} events missed: a program interrupted itself")
        if total("untracked"):
            lines.append(f"{total('untracked')} processes or cgroups were too many to be tracked")
        if total("unknown"):
            lines.append(f"{total('unknown')} events judged without the program of their process")
        if not self.balances():
            lines.append("the account does not balance: please report this as a bug")
        return lines

    @staticmethod
    def _fates(tally: Tally) -> str:
        return f"delivered {tally.delivered} + filtered {tally.filtered} + dropped {tally.dropped}"
