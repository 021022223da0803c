"""The account at the end of a run: no event goes missing without being counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Counters per CPU of the kernel side, and what the reader made of it.

    For each CPU ``seen = filtered + submitted + lost``; in total ``submitted = delivered +
    filtered + dropped``, where ``filtered`` are the events that filters on their fields left
    in no scope when user space asked them.  ``missed`` events were not even seen: the kernel
    does not run a program that is running on that CPU already.
    """

    kernel: Mapping[str, Sequence[int]]
    delivered: int
    dropped: int
    filtered: int = 0
    missed: int = 0

    def total(self, counter: str) -> int:
        """Return a counter's sum over all CPUs."""
        return sum(self.kernel[counter])

    def balances(self) -> bool:
        """Whether both sums hold."""
        names = ("seen", "filtered", "submitted", "lost")
        columns = zip(*(self.kernel[name] for name in names), strict=True)
        return (
            all(seen == filtered + sent + lost for seen, filtered, sent, lost in columns)
            and self.total("submitted") == self.delivered + self.filtered + self.dropped
        )

    def lines(self) -> list[str]:
        """Return the summary for stderr, with a remedy for what went wrong."""
        total = self.total
        lines = [
            f"events: seen {total('seen')} = filtered {total('filtered')}"
            f" + submitted {total('submitted')} + lost {total('lost')};"
            f" submitted {total('submitted')} = delivered {self.delivered}"
            f" + filtered {self.filtered} + dropped {self.dropped}"
        ]
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
