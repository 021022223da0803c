# SPDX-License-Identifier: Apache-2.0
"""Account at the end of a run: every event is delivered, or counted by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Fates of events; ``dependencies`` were needed by derived events only (rule 16)."""

    delivered: int = 0
    filtered: int = 0
    dropped: int = 0
    dependencies: int = 0

    @property
    def total(self) -> int:
        """Number of events of every fate."""
        return self.delivered + self.filtered + self.dropped + self.dependencies


@dataclass(frozen=True, slots=True)
class Account:
    """Counters of the kernel side, per CPU, and tallies of the reader.

    For each CPU ``seen = filtered + submitted + lost``; in total ``submitted = delivered +
    filtered + dropped + dependencies``, where ``filtered`` are the events that filters on fields
    left in no scope in user space.  ``derived_count`` is the number of derived events, None if
    the run derives none, and ``derived`` their fates.  ``missed`` events were not seen: the
    kernel does not run a program that is running on that CPU already.  From ``underived`` records
    no events were derived: there were more than the reader could keep.  ``lost_packets`` are among
    the lost events: packets have a buffer of their own.  ``lost_by_scope`` has the lost events that
    would have matched each scope, if there are several.  A run that ``ended_early``
    left records unread.
    """

    kernel: Mapping[str, Sequence[int]]
    records: Tally
    derived: Tally = field(default_factory=Tally)
    derived_count: int | None = None
    missed: int = 0
    underived: int = 0
    lost_packets: int = 0
    lost_by_scope: Mapping[int, int] = field(default_factory=dict)
    ended_early: bool = False

    def total(self, counter: str) -> int:
        """Return the sum of a counter over all CPUs."""
        return sum(self.kernel[counter])

    def balances(self) -> bool:
        """Whether all sums hold."""
        names = ("seen", "filtered", "submitted", "lost")
        columns = zip(*(self.kernel[name] for name in names), strict=True)
        return (
            all(seen == filtered + sent + lost for seen, filtered, sent, lost in columns)
            and self.total("submitted") == self.records.total + self.unread
            and (self.derived_count or 0) == self.derived.total
        )

    @property
    def unread(self) -> int:
        """Number of records that a run left in the buffer because it ended early."""
        return self.total("submitted") - self.records.total if self.ended_early else 0

    def lines(self) -> list[str]:
        """Return the lines of the account, with a remedy for each loss."""
        total = self.total
        lines = [
            f"events: seen {total('seen')} = filtered {total('filtered')}"
            f" + submitted {total('submitted')} + lost {total('lost')};"
            f" submitted {total('submitted')} = {self._fates(self.records)}",
        ]
        if self.derived_count is not None:
            lines[0] += f" + dependencies {self.records.dependencies}"
            lines.append(f"derived events: {self.derived_count} = {self._fates(self.derived)}")
        if self.unread:
            lines[0] += f" + unread {self.unread}"
        if total("lost"):
            packets = f", {self.lost_packets} of them packets" if self.lost_packets else ""
            scopes = ", ".join(f"scope {n}: {lost}" for n, lost in self.lost_by_scope.items())
            lines.append(
                f"{total('lost')} events lost{packets}{scopes and f' ({scopes})'}:"
                " raise --buffer, or filter more"
            )
        if self.underived:
            lines.append(
                f"{self.underived} packets, or events for signatures, not read: more than can be"
                " kept; filter more"
            )
        if self.missed:
            lines.append(
                f"{self.missed} events missed: their program was running on the CPU already"
            )
        if total("untracked"):
            lines.append(
                f"{total('untracked')} processes or cgroups untracked: their maps were full"
            )
        if total("unkept"):
            lines.append(
                f"{total('unkept')} system calls: arguments in memory read only at their return,"
                " too many were in progress"
            )
        if total("unknown"):
            lines.append(
                f"{total('unknown')} events matched without the binary or all ancestors of their"
                " process"
            )
        if not self.balances():
            lines.append("the account does not balance: please report this as a bug")
        return lines

    @staticmethod
    def _fates(tally: Tally) -> str:
        return f"delivered {tally.delivered} + filtered {tally.filtered} + dropped {tally.dropped}"
