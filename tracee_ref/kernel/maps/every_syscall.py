# SPDX-License-Identifier: Apache-2.0
"""Masks of sys_enter and sys_exit by syscall: the scopes that accept each number.

The only argument of these events is the syscall, so the filters of all scopes on it are one mask
for each number, whatever their operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ...abi import SYSCALL_MASKS
from ...decode.argument_text import call_name
from ...decode.compat_arguments import FIRST_SUBCALLS, SUBCALLS
from ...events.catalogue import all_events, compat_events, native_events
from ...events.function_events import EVERY_SYSCALL
from ...model.facts import Event, FieldValue, Process
from ...model.match import field_filters_hold
from ...model.scope import EventField, Part, Scope
from ..call_arguments import CALLS_WITHOUT_REGISTERS

ARGUMENT: Final = "syscall"
ANY_PROCESS: Final = Process()


class Masks(NamedTuple):
    """The masks of a value of the argument."""

    enter: int
    exit: int


class SyscallMasks:
    """Elements of the map ``syscall_masks``; ``selected`` has the scopes of each event, by id.

    ``compat`` includes 32-bit syscalls, ``numbers`` is the number of elements.
    """

    def __init__(
        self, scopes: Sequence[Scope], selected: Mapping[int, int], *, compat: bool, numbers: int
    ) -> None:
        events = all_events()
        self._selected = Masks(*(selected.get(events[n].id, 0) for n in EVERY_SYSCALL))
        self._filters = [filters_on_syscall(scopes, name) for name in EVERY_SYSCALL]
        self._formatter = call_name()
        self._numbers = numbers
        self._compat = compat
        self._multiplexers = {events[name].id for name in SUBCALLS}
        self._without_registers = {events[name].id for name in CALLS_WITHOUT_REGISTERS}

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yield each number with its ``struct syscall_masks``."""
        native = native_events()
        compat = {**compat_events(), **subcall_events()} if self._compat else {}
        for number in range(self._numbers):
            yield number, self._packed(native.get(number, ~number), compat.get(number, ~number))
        yield self._numbers, SYSCALL_MASKS.struct.pack(*self._rest(), 0, 0)

    def _packed(self, *values: int) -> bytes:
        """Return the element of a number, by the values of its native and 32-bit syscall."""
        native, compat = (self._accepted(value) for value in values)
        wanted = [native.enter | compat.enter, native.exit | compat.exit]
        if values[1] in self._multiplexers:
            wanted = [*self._selected]
        if self._without_registers.intersection(values):
            wanted[0] |= self._selected.exit
            wanted[1] |= self._selected.exit
        return SYSCALL_MASKS.struct.pack(
            native.enter, compat.enter, native.exit, compat.exit, *map(bool, wanted), *values
        )

    def _rest(self) -> Iterator[int]:
        """Yield the masks of higher numbers, whose filters user space evaluates."""
        for mask in self._selected:
            yield from (mask, mask)
        yield from (mask != 0 for mask in self._selected)

    def _accepted(self, value: int) -> Masks:
        """Return the scopes that selected the events and accept a value of their argument."""
        fields = {(Part.ARGS.value, ARGUMENT): FieldValue(value, self._formatter(value).encode())}
        both = zip(EVERY_SYSCALL, self._selected, self._filters, strict=True)
        return Masks(*(
            mask & ~rejecting(scopes, Event(name, ANY_PROCESS, fields))
            for name, mask, scopes in both
        ))  # fmt: skip


def filters_on_syscall(scopes: Sequence[Scope], event: str) -> list[Scope]:
    """Return the scopes with filters on the argument of an event, without their other filters."""
    field = EventField(event, Part.ARGS, ARGUMENT)
    own = ((s, frozenset(c for c in s.conditions if c.key == field)) for s in scopes)
    return [Scope(scope.number, frozenset({event}), found) for scope, found in own if found]


def rejecting(scopes: Sequence[Scope], event: Event) -> int:
    """Return the mask of the scopes whose filters do not hold."""
    return sum(scope.bit for scope in scopes if not field_filters_hold(scope, event))


def subcall_events() -> Mapping[int, int]:
    """Return the event ids of the syscalls that socketcall and ipc stand for, by index."""
    return {
        FIRST_SUBCALLS[name] + number: all_events()[subcall.event].id
        for name, calls in SUBCALLS.items()
        for number, subcall in calls.items()
    }
