# SPDX-License-Identifier: Apache-2.0
"""Random flags: the parser returns scopes, or one of its errors in one line.

Hypothesis searches few strings cleverly; this test draws very many strings from a seed, most of
them almost valid.  The message of a failure contains the string, so it can be reproduced.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition, load_catalogue
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.format import format_scopes
from tracee_ref.filters.kinds import FILTER_KINDS
from tracee_ref.filters.limits import check_limits
from tracee_ref.filters.parse import build_scopes

EXAMPLES = 100_000
RUNS = 10
LONGEST = 128 * 1024 - 1
ARGUMENTS = (ArgumentDefinition("flags", "int"), ArgumentDefinition("pathname", "const char*"))
CATALOGUE = {
    name: EventDefinition(number, name, True, frozenset({"default", "fs"}), ARGUMENTS, number < 3)
    for number, name in enumerate(["openat", "open", "sched_process_exec", "later"])
}
NAMES = [
    *sorted({spelling for kind in FILTER_KINDS for spelling in kind.spellings}),
    *("openat.args.flags", "openat.args.pathname", "openat.retval", "openat.context.pid"),
    *("openat.context.comm", "openat.context.container", "later.retval", "nope.args.x"),
]
OPERATORS = ["=", "=", "=", "=", "!=", "!=", "<", "<=", ">", ">=", "", "==", "!", "=!"]
VALUES = [
    *("0", "1", "-1", "+1", "4294967295", "4294967296", "18446744073709551616", "9" * 5000),
    *("new", "a", "a*", "*a", "*", "**", "a*b", "x" * 15, "x" * 16, "é" * 8, "host:/x", "5:/x"),
    *("/bin/ls", ":/x", "/a:b", "openat", "open*", "fs", "default", "O_RDONLY", "", ",", "\0"),
    *("\n", "\x1b[31m", "\u2028", "\udc80", "\ud800", "\u0663"),
]
SCOPES = [*[""] * 12, "1:", "64:", "65:", "0:", "-1:", "+3:", ":", "a:", "1:2:", "\u0663:"]
VALID_FLAGS = [kind.example for kind in FILTER_KINDS]


def soup(random: Random) -> str:
    """Parts of flags, in the order of a flag."""
    values = ",".join(random.choices(VALUES, k=random.choice((0, 1, 1, 1, 2, 3))))
    return random.choice(SCOPES) + random.choice(NAMES) + random.choice(OPERATORS) + values


def anything(random: Random) -> str:
    """Any code points, surrogates and NUL among them."""
    top = random.choice((0x80, 0x100, 0x3000, 0x110000))
    return "".join(chr(random.randrange(top)) for _ in range(random.randrange(12)))


def mutated(random: Random) -> str:
    """A flag with some of its characters removed, doubled, moved, or inserted."""
    text = random.choice(VALID_FLAGS) if random.random() < 0.5 else soup(random)[:200]
    for _ in range(random.randint(1, 4)):
        start, end = sorted(random.choices(range(len(text) + 1), k=2))
        part = random.choice(("", text[start:end] * 2, anything(random), random.choice("=!<>:,*.")))
        text = text[:start] + part + text[end:]
    return text


def drawn(random: Random) -> list[str]:
    """Mostly one flag; several test the combination of scopes and events too."""
    draw = random.choice((soup, soup, mutated, mutated, anything))
    flags = [draw(random) for _ in range(random.choice((1, 1, 1, 2)))]
    return [*flags, "event=openat"] if random.random() < 0.5 else flags


def answer(flags: list[str], catalogue: dict[str, EventDefinition]) -> bool:
    """Return whether the flags are valid, supported yet or not."""
    try:
        filters = [read_filter(flag, catalogue) for flag in flags]
        check_limits(filters)
        scopes = build_scopes(filters, catalogue)
    except UsageError as error:
        refusal = str(error)
    else:
        assert all(scope.events for scope in scopes)
        return bool(format_scopes(scopes))
    assert refusal.isprintable()  # so it is one line, and no code for terminals
    return False


@pytest.mark.parametrize("seed", range(RUNS))
def test_parse_random_flags(seed: int) -> None:
    """Random flags give scopes, or an error in one line."""
    random, good = Random(seed), 0
    for _ in range(EXAMPLES // RUNS):
        flags = drawn(random)
        try:
            good += answer(flags, CATALOGUE)
        except Exception as error:
            quoted = [flag[:300] for flag in flags]
            raise AssertionError(f"flags {quoted!r} of seed {seed}") from error
    assert EXAMPLES // RUNS // 50 < good < EXAMPLES // RUNS // 2  # the draws are worth it


@pytest.mark.parametrize("draw", [soup, mutated, anything])
def test_parse_all_events(draw: Callable[[Random], str]) -> None:
    """All events that exist can be selected together."""
    random, catalogue = Random(draw.__name__), dict(load_catalogue())
    for _ in range(300):
        answer([draw(random)], catalogue)


@pytest.mark.parametrize("name", ["", "e", "c", "uid", "tree", "binary", "openat.args.flags"])
def test_parse_longest_argument(name: str) -> None:
    """MAX_ARG_STRLEN of Linux: 128 KiB with the NUL."""
    for part in ("9", ",", "*=", "\udc80", ".", "a,", "1:"):
        answer([f"{name}={part * LONGEST}"[:LONGEST]], CATALOGUE)
        answer([f"{part * LONGEST}{name}"[:LONGEST]], CATALOGUE)
