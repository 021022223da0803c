# SPDX-License-Identifier: Apache-2.0
"""Catalogue of events: ids, sets and arguments.

They are those of Tracee v0.12 (docs/design/tracee-v0.12-facts.md, 5), and the syscalls that it
lacks.  Only the standard library is used, because the oracle runs with nothing else installed.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final, NamedTuple

from .declarations import Conversion, HookArgument, HookDeclaration
from .declared_rows import shipped_declarations
from .function_events import (
    CALL_ENDS,
    EVERY_SYSCALL,
    FUNCTIONS,
    RAW_TRACEPOINT_EVENTS,
    functions_of,
)
from .hook_names import BASES
from .probe_hooks import ChosenHook
from .shapes import Shape

LAST_NATIVE_CALL: Final = 448
"""Last event id that is an x86-64 syscall number; higher ids are i386-only and other events.

Newer kernels have native syscalls from 449 (futex_waitv) on, which are not the events with these
ids (docs/design/tracee-v0.12-facts.md, 5.1).
"""

FIRST_NEW_CALL: Final = 10_000
"""Event id of a syscall that Tracee v0.12 lacks, less its number; ids of Tracee are below.

Also those of later versions (docs/design/tracee-v0.12-facts.md, 5.1).
"""

FIRST_COMMON_CALL: Final = 424
"""Syscalls have the same number on all machines from here on.

Linux v5.1, 39036cd27273 ("arch: add pidfd and io_uring syscalls everywhere").
"""

ONLY_32BIT: Final = "32bit_unique"
"""Set of the syscalls that only 32-bit programs have."""

SIGNATURE_IDS: Final = range(6000, 7000)
"""Ids of the events of signatures."""

TRACED: Final = frozenset(
    {
        "sched_process_fork",
        "sched_process_exec",
        "sched_process_exit",
        *RAW_TRACEPOINT_EVENTS,
        *CALL_ENDS,
        *EVERY_SYSCALL,
    }
)
"""Supported events at tracepoints."""

EXISTING_CONTAINER: Final = "existing_container"
INIT_NAMESPACES: Final = "init_namespaces"
AT_START: Final = frozenset({EXISTING_CONTAINER, INIT_NAMESPACES})
"""Events that user space makes when tracing starts."""

PACKETS: Final = frozenset({"net_packet_ip_base", "net_packet_dns_base", "net_packet_http_base"})
"""Base events of all packet events."""


KERNEL_SYMBOLS: Final = "kernel symbols"
"""Names of an address: the symbol of the kernel that it is in."""


@dataclass(frozen=True, slots=True)
class ArgumentDefinition:
    """An argument: its name and its C type, spelled as in the output.

    The type decides how the argument is decoded, unless there is a ``shape``.  ``element`` is the
    format (of the module ``struct``) of the elements of an array of numbers.  Where an ``optional``
    one has no value it is not printed, and filters have the empty string.  ``names`` is the table
    of ``data/names.json`` that has the names of a number, or KERNEL_SYMBOLS.  Tracee v0.12 lacks a
    ``later`` one.
    """

    name: str
    type: str
    shape: Shape | None = None
    element: str = ""
    optional: bool = False
    names: str = ""
    later: bool = False


INCOMPLETE: Final = ArgumentDefinition("incomplete", "const char*", optional=True)
"""The reason why a packet or message is malformed or cut."""

MESSAGES: Final = (
    *("net_packet_ipv4", "net_packet_ipv6"),
    *("net_packet_dns", "net_packet_dns_request", "net_packet_dns_response"),
    *("net_packet_http", "net_packet_http_request", "net_packet_http_response"),
)
LATER: Final[Mapping[str, tuple[int, ArgumentDefinition]]] = {
    "sched_process_exec": (-1, ArgumentDefinition("prev_comm", "const char*", later=True)),
}
"""Arguments that v0.12 lacks, by the event, with the position."""

OPTIONAL: Final[Mapping[str, tuple[ArgumentDefinition, ...]]] = dict.fromkeys(
    MESSAGES, (INCOMPLETE,)
)
"""Arguments that events have in addition to those of Tracee v0.12, after these."""


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """An event; ``available`` if this tracer supports it.

    ``id`` is printed as ``eventId``; ``functions`` are the kernel functions that the event hooks;
    ``bases`` the events that it is derived from, empty for events of the kernel side.  An
    ``internal`` event cannot be selected by users.  ``declaration`` is that of a declared event,
    ``hooks`` those of the declared events that it is derived from, or of itself, ``hook`` that of
    an event at another hook that the user chose.
    """

    id: int
    name: str
    syscall: bool
    sets: frozenset[str]
    args: tuple[ArgumentDefinition, ...]
    available: bool
    functions: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    internal: bool = False
    declaration: HookDeclaration | None = None
    hooks: tuple[HookDeclaration, ...] = ()
    hook: ChosenHook | None = None

    @property
    def of_kernel(self) -> bool:
        """Whether the kernel side produces it."""
        return not self.bases and self.name not in AT_START


class Row(NamedTuple):
    """A line of ``data/events.json``, and of ``later.json`` with events of later Tracees."""

    id: int
    name: str
    syscall: bool
    internal: bool
    sets: list[str]
    args: list[list[str]]
    depends_on: list[str]


class CallRow(NamedTuple):
    """A line of ``data/syscalls.json``."""

    id: int
    name: str
    sets: list[str]
    args: list[list[str]]


@cache
def load_catalogue() -> Mapping[str, EventDefinition]:
    """Return the events that users can select, in the order of their ids."""
    return MappingProxyType({n: event for n, event in all_events().items() if not event.internal})


@cache
def all_events() -> Mapping[str, EventDefinition]:
    """Return all events by name, internal ones too, in the order of their ids."""
    files = (data_file(name) for name in ("events.json", "later.json"))
    rows = [*(Row(*fields) for file in files for fields in json.loads(file)), *new_calls()]
    pairs = {(kind, name) for row in rows for kind, name in row.args}
    arguments = {pair: ArgumentDefinition(pair[1], pair[0]) for pair in pairs}
    syscalls = frozenset(row.name for row in rows if row.syscall)
    events = [definition(row, arguments, syscalls) for row in rows]
    events += map(declared_event, shipped_declarations().values())
    return MappingProxyType({e.name: e for e in sorted(events, key=lambda event: event.id)})


def declared_event(declaration: HookDeclaration) -> EventDefinition:
    """Return the event of a declaration."""
    return EventDefinition(
        id=declaration.id,
        name=declaration.name,
        syscall=False,
        sets=declaration.sets,
        args=tuple(map(_declared_argument, declaration.arguments)),
        available=True,
        functions=functions_of(declaration),
        declaration=declaration,
        hooks=(declaration,),
    )


def _declared_argument(argument: HookArgument) -> ArgumentDefinition:
    symbol = argument.conversion is Conversion.SYMBOL
    names = KERNEL_SYMBOLS if symbol else argument.names
    return ArgumentDefinition(argument.name, argument.type, names=names)


@cache
def new_calls() -> tuple[Row, ...]:
    """Return the syscalls that Tracee v0.12 lacks."""
    rows = (CallRow(*fields) for fields in json.loads(data_file("syscalls.json")))
    return tuple(Row(row.id, row.name, True, False, row.sets, row.args, []) for row in rows)


def common_calls() -> dict[int, int]:
    """Return the event ids of the newest syscalls by number, the same on all machines."""
    numbers = (row.id - FIRST_NEW_CALL for row in new_calls())
    return {n: FIRST_NEW_CALL + n for n in numbers if n >= FIRST_COMMON_CALL}


def definition(
    row: Row, arguments: Mapping[tuple[str, str], ArgumentDefinition], syscalls: frozenset[str]
) -> EventDefinition:
    """Return the event of a row; equal arguments of different events share one object."""
    sources, declared = sources_of(row.name), shipped_declarations()
    return EventDefinition(
        id=row.id,
        name=row.name,
        syscall=row.syscall,
        sets=frozenset(row.sets),
        args=arguments_of(row, arguments),
        available=sources <= syscalls | TRACED | FUNCTIONS.keys() | AT_START | PACKETS,
        functions=tuple(f for name in sorted(sources) for f in FUNCTIONS.get(name, ())),
        hooks=tuple(declared[name] for name in sorted(sources & declared.keys())),
        bases=BASES.get(row.name, ()),
        internal=row.internal,
    )


def arguments_of(
    row: Row, arguments: Mapping[tuple[str, str], ArgumentDefinition]
) -> tuple[ArgumentDefinition, ...]:
    """Return the arguments of the event of a row, and those that v0.12 lacks."""
    found = [arguments[kind, name] for kind, name in row.args]
    if row.name in LATER:
        found.insert(*LATER[row.name])
    return (*found, *OPTIONAL.get(row.name, ()))


def sources_of(name: str) -> frozenset[str]:
    """Return the kernel-side events that an event is derived from, or the event itself."""
    if name not in BASES:
        return frozenset({name})
    return frozenset().union(*map(sources_of, BASES[name]))


@cache
def native_events() -> Mapping[int, int]:
    """Return the event ids of this machine's native syscalls, by syscall number.

    On x86-64 those of Tracee v0.12 are the same; arm64 has the numbers of the generic table.
    """
    return arm64_events() if platform.machine() == "aarch64" else x86_events()


@cache
def x86_events() -> Mapping[int, int]:
    """Return the event ids of x86-64 syscalls, by syscall number."""
    calls = (e.id for e in all_events().values() if e.syscall and e.id <= LAST_NATIVE_CALL)
    new = {row.id - FIRST_NEW_CALL: row.id for row in new_calls()}
    return MappingProxyType({id_: id_ for id_ in calls} | new)


@cache
def compat_events() -> Mapping[int, int]:
    """Return the event ids of this machine's 32-bit syscalls, by syscall number.

    There is no table for 32-bit ARM programs, whose syscalls are not traced.
    """
    return MappingProxyType({}) if platform.machine() == "aarch64" else i386_events()


@cache
def arm64_events() -> Mapping[int, int]:
    """Return the event ids of arm64 syscalls, by syscall number."""
    numbers = json.loads(data_file("arm64.json"))
    return MappingProxyType({int(n): event for n, event in numbers.items()} | common_calls())


@cache
def i386_events() -> Mapping[int, int]:
    """Return the event ids of i386 syscalls, by syscall number.

    i386 has other numbers, and old interfaces under names that x86-64 gives to newer ones.  A
    number that is absent has no event in the catalogue.
    """
    numbers = json.loads(data_file("i386.json"))
    return MappingProxyType({int(n): event for n, event in numbers.items()} | common_calls())


def data_file(name: str) -> bytes:
    """Return the content of a file in ``tracee_ref/events/data``."""
    return resources.files(__package__).joinpath("data", name).read_bytes()
