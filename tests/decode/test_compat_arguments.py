# SPDX-License-Identifier: Apache-2.0
"""Tests of the words of the arguments of 32-bit syscalls."""

from __future__ import annotations

import pytest

from tracee_ref.abi import ARRAY_WORD, COMPAT_WORDS, NO_WORD, SHAPES_MAX, SUBCALLS_EACH
from tracee_ref.decode.compat_arguments import ARM, I386, PAIRS, SUBCALLS, Machine, registers_of
from tracee_ref.events.argument_types import shape_of
from tracee_ref.events.catalogue import all_events, i386_events
from tracee_ref.events.shapes import Shape

OF_I386 = {event.name for event in all_events().values() if event.id in i386_events().values()}
WIDE = ("u64", "loff_t")
"""Types of 64 bits in 32-bit programs, too."""


def pairs(name: str, machine: Machine) -> dict[str, tuple[int, ...]]:
    """Return the registers of each argument."""
    event, words = all_events()[name], registers_of(all_events()[name], machine)
    columns = zip(event.args, words.low, words.high, strict=True)
    return {a.name: (low,) if high == NO_WORD else (low, high) for a, low, high in columns}


@pytest.mark.parametrize(
    ("name", "i386", "arm"),
    [
        ("openat", {"dirfd": (0,), "pathname": (1,), "flags": (2,), "mode": (3,)}, None),
        ("pread64", {"fd": (0,), "buf": (1,), "count": (2,), "offset": (3, 4)}, {"offset": (4, 5)}),
        ("truncate64", {"path": (0,), "length": (1, 2)}, {"length": (2, 3)}),
        ("readahead", {"offset": (1, 2), "count": (3,)}, {"offset": (2, 3), "count": (4,)}),
        ("fadvise64_64", {"offset": (1, 2), "len": (3, 4), "advice": (5,)},
         {"fd": (0,), "advice": (1,), "offset": (2, 3), "len": (4, 5)}),
        ("sync_file_range", {"offset": (1, 2), "nbytes": (3, 4), "flags": (5,)},
         {"fd": (0,), "flags": (1,), "offset": (2, 3), "nbytes": (4, 5)}),
        ("fallocate", {"mode": (1,), "offset": (2, 3), "len": (4, 5)}, None),
        ("fanotify_mark", {"mask": (2, 3), "dirfd": (4,), "pathname": (5,)}, None),
        ("lookup_dcookie", {"cookie": (0, 1), "buffer": (2,), "len": (3,)}, None),
        ("preadv2", {"iovcnt": (2,), "pos_l": (3,), "pos_h": (4,), "flags": (5,)}, None),
        ("clone", {"parent_tid": (2,), "tls": (3,), "child_tid": (4,)}, None),
        ("sigsuspend", {"mask": (2,)}, None),
        ("mmap", {"addr": (ARRAY_WORD,), "off": (ARRAY_WORD + 5,)}, None),
    ],
)  # fmt: skip
def test_registers_of(
    name: str, i386: dict[str, tuple[int, ...]], arm: dict[str, tuple[int, ...]] | None
) -> None:
    """Pairs of 32-bit ARM begin in an even register; None is as on i386."""
    for machine, expected in ((I386, i386), (ARM, arm or i386)):
        found = pairs(name, machine)
        assert {argument: found[argument] for argument in expected} == expected


def test_pairs_have_wide_types() -> None:
    """Every number of 64 bits of a 32-bit syscall is a pair."""
    for name in OF_I386:
        wide = {argument.name for argument in all_events()[name].args if argument.type in WIDE}
        assert wide <= set(PAIRS.get(name, ())), name
    assert set(PAIRS) <= OF_I386
    for name, arguments in PAIRS.items():
        assert set(arguments) <= {argument.name for argument in all_events()[name].args}


@pytest.mark.parametrize("machine", [I386, ARM])
@pytest.mark.parametrize("name", sorted(OF_I386))
def test_words_are_different(name: str, machine: Machine) -> None:
    """No two arguments of a syscall share a register, and there are six."""
    used = [word for words in pairs(name, machine).values() for word in words]
    assert len(used) == len(set(used))
    limit = COMPAT_WORDS if max(used, default=0) >= ARRAY_WORD else NO_WORD
    assert all(word < limit for word in used)


@pytest.mark.parametrize("name", SUBCALLS)
def test_subcalls_have_words(name: str) -> None:
    """A subcall has at most the arguments of its event, and reads no word that is not there."""
    for number, (event, words) in SUBCALLS[name].items():
        definition = all_events()[event]
        assert 0 < number < 2 * SUBCALLS_EACH
        assert len(words.low) <= len(definition.args) <= SHAPES_MAX
        assert max(words.low) < ARRAY_WORD + words.array_words
        assert name == "ipc" or len(words.low) == words.array_words
        shapes = [shape_of(event, argument) for argument in definition.args]
        assert Shape.STRING not in shapes  # their index in string filters is that of the argument
