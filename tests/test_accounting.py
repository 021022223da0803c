"""The sums of a run, and what it says when they do not hold."""

from __future__ import annotations

from tracee_ref.accounting import Account, Tally

BALANCED = {
    "seen": (5, 6),
    "filtered": (1, 2),
    "submitted": (3, 2),
    "lost": (1, 2),
    "unknown": (0, 0),
    "untracked": (0, 0),
}


def test_a_balanced_account() -> None:
    account = Account(BALANCED, Tally(delivered=4, dropped=1))
    assert account.balances()
    assert account.lines() == [
        "events: seen 11 = filtered 3 + submitted 5 + lost 3;"
        " submitted 5 = delivered 4 + filtered 0 + dropped 1",
        "3 events lost: raise --buffer, or filter more",
    ]


def test_every_cpu_has_to_balance() -> None:
    """One too many here and one too few there is a bug all the same."""
    assert not Account(BALANCED | {"seen": (6, 5)}, Tally(delivered=5)).balances()


def test_what_was_submitted_has_to_arrive() -> None:
    account = Account(BALANCED, Tally(delivered=4))
    assert not account.balances()
    assert "does not balance" in account.lines()[-1]


def test_what_user_space_filtered_is_part_of_the_account() -> None:
    account = Account(BALANCED, Tally(delivered=1, dropped=1, filtered=3))
    assert account.balances()
    assert account.lines()[0].endswith("submitted 5 = delivered 1 + filtered 3 + dropped 1")


def test_gaps_in_what_is_known_are_told() -> None:
    account = Account(BALANCED | {"unknown": (2, 0), "untracked": (0, 1)}, Tally(5), missed=7)
    assert any("7 events missed" in line for line in account.lines())
    assert any("2 events judged" in line for line in account.lines())
    assert any("1 processes or cgroups were too many" in line for line in account.lines())


def test_events_that_were_made_have_an_account_of_their_own() -> None:
    made = Tally(delivered=2, filtered=1)
    account = Account(BALANCED, Tally(delivered=1, taken_in=4), made, made=3)
    assert account.balances()
    assert account.lines()[0].endswith("= delivered 1 + filtered 0 + dropped 0 + taken in 4")
    assert account.lines()[1] == "derived events: made 3 = delivered 2 + filtered 1 + dropped 0"
    assert not Account(BALANCED, Tally(delivered=5), made, made=4).balances()
