# SPDX-License-Identifier: Apache-2.0
"""Elements of the map ``calls``: selected syscalls, and the words of 32-bit ones."""

from __future__ import annotations

from collections.abc import Mapping
from struct import calcsize
from typing import Final, TypeAlias

from ...abi import CALL, NO_WORD, SHAPES_MAX, SUBCALLS_EACH, SUBCALLS_FIRST, CallEntry
from ...decode.compat_arguments import SUBCALLS, ArgumentWords, registers_of
from ...events.catalogue import EventDefinition, all_events, compat_events, native_events

WORD_BYTES: Final = calcsize("I")
NO_ARGUMENTS: Final = ArgumentWords((), ())
FIRST_SUBCALLS: Final[Mapping[str, int]] = {
    name: SUBCALLS_FIRST + 2 * SUBCALLS_EACH * index for index, name in enumerate(SUBCALLS)
}
"""Indexes of the subcalls of a syscall, with two versions each."""


Entries: TypeAlias = Mapping[int, CallEntry]
"""What happens at the entry of the selected syscalls, by event id."""


def call_entries(masks: Mapping[int, int], at_entry: Entries, *, compat: bool) -> dict[int, bytes]:
    """Return a ``struct call`` for each selected syscall, by number, of masks by event id.

    ``compat`` includes 32-bit syscalls.  Syscalls with an empty mask have no entry.
    """
    at_entry = {id_: entry for id_, entry in at_entry.items() if masks.get(id_)}
    definitions = {event.id: event for event in all_events().values()}
    native = {number: id_ for number, id_ in native_events().items() if id_ in masks}
    compat_ids = compat_events() if compat else {}
    subcalls = subcall_entries(masks, at_entry) if compat_ids else {}
    entries = dict(subcalls)
    for number in native.keys() | compat_ids.keys():
        id_ = compat_ids.get(number)
        event = definitions[id_] if id_ is not None else None
        first = FIRST_SUBCALLS.get(event.name, 0) if event else 0
        has_subcalls = any(first <= index < first + 2 * SUBCALLS_EACH for index in subcalls)
        selected = event if event and event.id in masks else None
        if number in native or selected or has_subcalls:
            entries[number] = entry(
                masks, at_entry, native.get(number), selected, first if has_subcalls else 0
            )
    return entries


def subcall_entries(masks: Mapping[int, int], at_entry: Entries) -> dict[int, bytes]:
    """Return the elements of the selected subcalls."""
    return {
        FIRST_SUBCALLS[name] + number: packed(masks, at_entry, (None, event.id), 0, subcall.words)
        for name, calls in SUBCALLS.items()
        for number, subcall in calls.items()
        if (event := all_events()[subcall.event]).id in masks
    }


def entry(
    masks: Mapping[int, int],
    at_entry: Entries,
    native: int | None,
    compat: EventDefinition | None,
    subcalls: int,
) -> bytes:
    """Return the element of a number; ``compat`` is the event of its 32-bit syscall."""
    words = registers_of(compat) if compat else NO_ARGUMENTS
    return packed(masks, at_entry, (native, compat.id if compat else None), subcalls, words)


def packed(
    masks: Mapping[int, int],
    at_entry: Entries,
    events: tuple[int | None, int | None],
    subcalls: int,
    words: ArgumentWords,
) -> bytes:
    """Return a ``struct call``."""
    native, compat = events
    selected = (0 if id_ is None else masks[id_] for id_ in events)
    entries = (0 if id_ is None else at_entry.get(id_, 0) for id_ in events)
    low, high = (bytes(side).ljust(SHAPES_MAX, bytes([NO_WORD])) for side in words[:2])
    return CALL.struct.pack(
        *selected, native or 0, compat or 0, *entries, subcalls,
        words.array, WORD_BYTES * words.array_words, low, high,
    )  # fmt: skip
