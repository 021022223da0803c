# SPDX-License-Identifier: Apache-2.0
"""Elements of the map ``calls``: selected syscalls, and the words of 32-bit ones."""

from __future__ import annotations

from collections.abc import Mapping
from struct import calcsize
from typing import Final

from ...abi import CALL, NO_WORD, SHAPES_MAX, SUBCALLS_EACH, SUBCALLS_FIRST
from ...decode.compat_arguments import SUBCALLS, ArgumentWords, registers_of
from ...events.catalogue import EventDefinition, all_events, compat_events, native_events

WORD_BYTES: Final = calcsize("I")
NO_ARGUMENTS: Final = ArgumentWords((), ())
FIRST_SUBCALLS: Final[Mapping[str, int]] = {
    name: SUBCALLS_FIRST + 2 * SUBCALLS_EACH * index for index, name in enumerate(SUBCALLS)
}
"""Indexes of the subcalls of a syscall, with two versions each."""


def call_entries(masks: Mapping[int, int], *, compat: bool) -> dict[int, bytes]:
    """Return a ``struct call`` for each selected syscall, by number, of masks by event id.

    ``compat`` includes 32-bit syscalls.
    """
    definitions = {event.id: event for event in all_events().values()}
    native = {number: id_ for number, id_ in native_events().items() if id_ in masks}
    compat_ids = compat_events() if compat else {}
    subcalls = subcall_entries(masks) if compat_ids else {}
    entries = dict(subcalls)
    for number in native.keys() | compat_ids.keys():
        id_ = compat_ids.get(number)
        event = definitions[id_] if id_ is not None else None
        first = FIRST_SUBCALLS.get(event.name, 0) if event else 0
        has_subcalls = any(first <= index < first + 2 * SUBCALLS_EACH for index in subcalls)
        selected = event if event and event.id in masks else None
        if number in native or selected or has_subcalls:
            entries[number] = entry(
                masks, native.get(number), selected, first if has_subcalls else 0
            )
    return entries


def subcall_entries(masks: Mapping[int, int]) -> dict[int, bytes]:
    """Return the elements of the selected subcalls."""
    return {
        FIRST_SUBCALLS[name] + number: packed(masks, None, event.id, 0, subcall.words)
        for name, calls in SUBCALLS.items()
        for number, subcall in calls.items()
        if (event := all_events()[subcall.event]).id in masks
    }


def entry(
    masks: Mapping[int, int], native: int | None, compat: EventDefinition | None, subcalls: int
) -> bytes:
    """Return the element of a number; ``compat`` is the event of its 32-bit syscall."""
    words = registers_of(compat) if compat else NO_ARGUMENTS
    return packed(masks, native, compat.id if compat else None, subcalls, words)


def packed(
    masks: Mapping[int, int],
    native: int | None,
    compat: int | None,
    subcalls: int,
    words: ArgumentWords,
) -> bytes:
    """Return a ``struct call``."""
    selected = (0 if id_ is None else masks[id_] for id_ in (native, compat))
    low, high = (bytes(side).ljust(SHAPES_MAX, bytes([NO_WORD])) for side in words[:2])
    return CALL.struct.pack(
        *selected, native or 0, compat or 0, subcalls, words.array, WORD_BYTES * words.array_words,
        low, high,
    )  # fmt: skip
