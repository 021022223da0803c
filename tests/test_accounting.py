# SPDX-License-Identifier: Apache-2.0
"""Account of a run: its sums, and its lines when they do not hold."""

from __future__ import annotations

from tracee_ref.accounting import Account, Tally

BALANCED = {
    "seen": (5, 6),
    "filtered": (1, 2),
    "submitted": (3, 2),
    "lost": (1, 2),
    "unknown": (0, 0),
    "untracked": (0, 0),
    "unkept": (0, 0),
}


def test_a_balanced_account() -> None:
    account = Account(BALANCED, Tally(delivered=4, dropped=1))
    assert account.balances()
    assert account.lines() == [
        "events: seen 11 = filtered 3 + submitted 5 + lost 3;"
        " submitted 5 = delivered 4 + filtered 0 + dropped 1",
        "3 events lost: raise --buffer, or filter more",
    ]


def test_account_of_packets() -> None:
    """Packets are named among the losses, and what was not read of them."""
    account = Account(BALANCED, Tally(delivered=5), lost_packets=2, underived=4)
    assert account.balances()
    assert account.lines()[1].startswith("3 events lost, 2 of them packets: ")
    assert account.lines()[2].startswith("4 packets, or events for signatures, not read: ")


def test_account_by_scope() -> None:
    """With several scopes the losses of each are named; an event counts for each of its scopes."""
    account = Account(BALANCED, Tally(delivered=5), lost_by_scope={1: 3, 64: 1})
    assert account.lines()[1].startswith("3 events lost (scope 1: 3, scope 64: 1): raise --buffer")


def test_account_balances_per_cpu() -> None:
    """One too many here and one too few there is a bug all the same."""
    assert not Account(BALANCED | {"seen": (6, 5)}, Tally(delivered=5)).balances()


def test_account_submitted_arrives() -> None:
    account = Account(BALANCED, Tally(delivered=4))
    assert not account.balances()
    assert "does not balance" in account.lines()[-1]


def test_account_filtered_by_user_space() -> None:
    account = Account(BALANCED, Tally(delivered=1, dropped=1, filtered=3))
    assert account.balances()
    assert account.lines()[0].endswith("submitted 5 = delivered 1 + filtered 3 + dropped 1")


def test_account_reports_gaps() -> None:
    counters = BALANCED | {"unknown": (2, 0), "untracked": (0, 1), "unkept": (3, 1)}
    account = Account(counters, Tally(5), missed=7)
    assert any("4 system calls: arguments in memory read only" in line for line in account.lines())
    assert any("7 events missed" in line for line in account.lines())
    assert any("2 events matched without" in line for line in account.lines())
    assert any("1 processes or cgroups untracked" in line for line in account.lines())


def test_account_of_derived_events() -> None:
    derived = Tally(delivered=2, filtered=1)
    account = Account(BALANCED, Tally(delivered=1, dependencies=4), derived, derived_count=3)
    assert account.balances()
    assert account.lines()[0].endswith("= delivered 1 + filtered 0 + dropped 0 + dependencies 4")
    assert account.lines()[1] == "derived events: 3 = delivered 2 + filtered 1 + dropped 0"
    assert not Account(BALANCED, Tally(delivered=5), derived, derived_count=4).balances()
