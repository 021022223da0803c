# SPDX-License-Identifier: Apache-2.0
"""Limits of the values of all flags: the maximum, and one more."""

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.limits import MAX_STATES, MAX_VALUES, check_limits
from tracee_ref.filters.parse import build_scopes

CATALOGUE = load_catalogue()
NUMBERS = range(10_000, 10_000 + MAX_VALUES)
FORMS = {
    "uid": "{}",
    "pid": "{}",
    "comm": "n{}",
    "uts": "n{}",
    "binary": "/bin/{}",
    "mntns": "{}",
    "pidns": "{}",
    "tree": "{}",
    "container": "{}",
    "openat.args.pathname": "/tmp/{}",
    "openat.retval": "{}",
    "openat.context.processName": "n{}",
}
REMEDY = f"have more than {MAX_VALUES} values - give fewer, or ranges or '*' instead"
KIND = {
    "openat.args.pathname": "EVENT.args.NAME",
    "openat.retval": "EVENT.retval",
    "openat.context.processName": "EVENT.context.FIELD",
}


def check(*flags: str) -> None:
    check_limits(read_filter(flag, CATALOGUE) for flag in flags)


@pytest.mark.parametrize("name", FORMS)
def test_limit_of_values(name: str) -> None:
    """One value more than the tables can hold is an error."""
    full = f"{name}={','.join(map(FORMS[name].format, NUMBERS))}"
    more = f"2:{name}!={FORMS[name].format(7)}"
    check(full)
    check(full, full, f"64:{full}")  # the same values
    with pytest.raises(UsageError) as error:
        check(full, more)
    assert str(error.value) == (
        f"filter {more!r}: the {KIND.get(name, name)} filters of all scopes {REMEDY}"
    )


def test_limit_error_truncates_flag() -> None:
    """Only the beginning of a long flag is quoted."""
    with pytest.raises(UsageError) as error:
        check(f"uid={','.join(map(str, [*NUMBERS, 7]))}")
    assert str(error.value) == (
        "filter 'uid=10000,10001,10002,10003,10004,10005,10006,10007,10008,10...': "
        f"the uid filters of all scopes {REMEDY}"
    )


def test_limit_counts_fields_together() -> None:
    """Fields of all events count together."""
    full = f"openat.args.pathname={','.join(map('/tmp/{}'.format, NUMBERS))}"
    with pytest.raises(UsageError, match=r"filter 'open\.args\.pathname=/tmp/10000'"):
        check(full, "open.args.pathname=/tmp/10000")


def test_limit_of_each_kind() -> None:
    """Values of different kinds are counted separately."""
    values = ",".join(map(str, NUMBERS))
    check(f"uid={values}", f"pid={values}", f"comm={values}", "tree=1")


@pytest.mark.parametrize("name", ["comm", "uts"])
def test_limit_of_pattern_bytes(name: str) -> None:
    """4,096 strings of 15 bytes and their end, less the two states that always exist."""
    strings = [f"{number:015d}" for number in range(MAX_STATES // 16)]
    exact = f"{name}={','.join(strings[:-1])}"
    most, more = f"{name}=abcdefghijklmn*", f"{name}!=abcdefghijklmno*"
    check(f"{exact},{strings[-1]},{'x' * 15}")  # no "*": no automaton
    check(exact, f"{name}=x", most[:-2])
    check(exact, most)
    with pytest.raises(UsageError) as error:
        check(exact, more)
    assert str(error.value) == (
        f"filter {more!r}: the {name} filters of all scopes have more than {MAX_STATES} bytes "
        "with '*' - give fewer or shorter strings"
    )


def test_parse_maximum_of_values() -> None:
    """The maximum of values is parsed in time."""
    strings = [f"{name}={','.join(map(FORMS[name].format, NUMBERS))}" for name in FORMS]
    filters = [read_filter(text, CATALOGUE) for text in [*strings, "event=openat"]]
    check_limits(filters)
    (scope,) = build_scopes(filters, CATALOGUE)
    assert len(scope.conditions) == MAX_VALUES * len(FORMS)
