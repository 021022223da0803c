# SPDX-License-Identifier: Apache-2.0
"""Elements of the map ``calls``: selected syscalls, and the words of 32-bit ones."""

from __future__ import annotations

from collections.abc import Mapping
from struct import calcsize
from typing import Final, TypeAlias

from ...abi import CALL, NO_WORD, SHAPES_MAX, CallEntry
from ...decode.compat_arguments import (
    FIRST_SUBCALLS,
    SUBCALL_INDEXES,
    SUBCALLS,
    ArgumentWords,
    registers_of,
)
from ...events.catalogue import EventDefinition, all_events, compat_events, native_events

WORD_BYTES: Final = calcsize("I")
NO_ARGUMENTS: Final = ArgumentWords((), ())

Entries: TypeAlias = Mapping[int, CallEntry]
"""What happens at the entry of syscalls, by event id."""


class CallTable:
    """Elements for the selected syscalls: ``masks`` are their scopes, by event id.

    A syscall that is not selected may have an entry all the same.  ``compat`` includes 32-bit
    syscalls; with ``arrays`` those with an array of arguments have it read at the entry.  If all
    masks are empty, nothing happens at an entry.
    """

    def __init__(
        self, masks: Mapping[int, int], at_entry: Entries, *, compat: bool, arrays: bool
    ) -> None:
        self._masks = masks
        self._at_entry = at_entry if any(masks.values()) else {}
        self._arrays = arrays
        self._ids = masks.keys() | at_entry.keys()
        self._native = {n: id_ for n, id_ in native_events().items() if id_ in self._ids}
        self._compat = compat_events() if compat else {}

    def entries(self) -> dict[int, bytes]:
        """Return a ``struct call`` for each number, and for each subcall."""
        subcalls = self._subcalls() if self._compat else {}
        definitions = {event.id: event for event in all_events().values()}
        entries = dict(subcalls)
        for number in self._native.keys() | self._compat.keys():
            id_ = self._compat.get(number)
            event = definitions[id_] if id_ is not None else None
            first = FIRST_SUBCALLS.get(event.name, 0) if event else 0
            has_subcalls = not subcalls.keys().isdisjoint(range(first, first + SUBCALL_INDEXES))
            selected = event if event and event.id in self._ids else None
            if number in self._native or selected or has_subcalls:
                entries[number] = self._entry(number, selected, first if has_subcalls else 0)
        return entries

    def _subcalls(self) -> dict[int, bytes]:
        """Return the elements of the selected subcalls."""
        return {
            FIRST_SUBCALLS[name] + number: self._packed(None, event.id, 0, subcall.words)
            for name, calls in SUBCALLS.items()
            for number, subcall in calls.items()
            if (event := all_events()[subcall.event]).id in self._masks
        }

    def _entry(self, number: int, compat: EventDefinition | None, subcalls: int) -> bytes:
        """Return the element of a number; ``compat`` is the event of its 32-bit syscall."""
        words = registers_of(compat) if compat else NO_ARGUMENTS
        return self._packed(
            self._native.get(number), compat.id if compat else None, subcalls, words
        )

    def _packed(
        self, native: int | None, compat: int | None, subcalls: int, words: ArgumentWords
    ) -> bytes:
        """Return a ``struct call``."""
        events = native, compat
        selected = [0 if id_ is None else self._masks.get(id_, 0) for id_ in events]
        at_entry = [0 if id_ is None else self._at_entry.get(id_, CallEntry.NONE) for id_ in events]
        if self._arrays and words.array_words and selected[1]:
            at_entry[1] = CallEntry.ARGUMENTS
        low, high = (bytes(side).ljust(SHAPES_MAX, bytes([NO_WORD])) for side in words[:2])
        return CALL.struct.pack(
            *selected, native or 0, compat or 0, *at_entry, subcalls,
            words.array, WORD_BYTES * words.array_words, low, high,
        )  # fmt: skip
