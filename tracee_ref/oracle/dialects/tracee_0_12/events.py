# SPDX-License-Identifier: Apache-2.0
"""Events of Tracee v0.12: selection, dependencies, derivation and checks."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from ....errors import UsageCode, flag_error
from ....events.catalogue import Row, data_file
from ....events.declarations import HookDeclaration
from ....events.declared_rows import shipped_declarations
from ....filters import values
from ....filters.syntax import Flag, expression_error
from ....model.filters import Op
from ....model.selection import named, with_dependencies
from ...reference.known_events import SIGNATURE_SETS, SIGNATURES
from .scope import Tracee012Scope

LATER_IDS: Final = range(775, 2000)
"""Ids of events at hooks that v0.12 lacks."""

ALL_SCOPES: Final = (1 << 64) - 1

ALWAYS_SENT: Final = frozenset({"cgroup_mkdir", "cgroup_rmdir"})
"""Sent with all bits set for any process (Tracee v0.12 facts, 2.7)."""

OUTSIDE_PIPELINE: Final = frozenset({"init_namespaces", "existing_container"})
"""Sent directly to the printers, with mask 0 (Tracee v0.12 facts, 3.11)."""

UNFILTERED_DERIVED: Final = frozenset({"symbols_loaded", "shared_object_loaded", "print_mem_dump"})
"""Derived events that user space does not filter (Tracee v0.12 facts, 3.8)."""

DERIVED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "container_create": "cgroup_mkdir",
        "container_remove": "cgroup_rmdir",
        "hooked_syscalls": "print_syscall_table",
        "hooked_seq_ops": "print_net_seq_ops",
        "symbols_loaded": "shared_object_loaded",
        "symbols_collision": "shared_object_loaded",
        "net_packet_ipv4": "net_packet_ip_base",
        "net_packet_ipv6": "net_packet_ip_base",
        "net_packet_tcp": "net_packet_tcp_base",
        "net_packet_udp": "net_packet_udp_base",
        "net_packet_icmp": "net_packet_icmp_base",
        "net_packet_icmpv6": "net_packet_icmpv6_base",
        **{f"net_packet_dns{of}": "net_packet_dns_base" for of in ("", "_request", "_response")},
        **{f"net_packet_http{of}": "net_packet_http_base" for of in ("", "_request", "_response")},
    }
)
"""Derived event -> its base (Tracee v0.12 facts, 3.8)."""

BASES: Final = frozenset(DERIVED.values()) | {"sched_process_exec"}
"""Events that user space does not filter, as others are derived from them.

Tracee v0.12 facts, 3.6.
"""

CHECKED_TOGETHER: Final[Sequence[tuple[str, ...]]] = (
    ("security_mmap_file", "shared_object_loaded"),
    ("security_file_mprotect", "mem_prot_alert"),
    ("vfs_write", "magic_write"),
    ("net_packet_ip_base", "net_packet_tcp_base", "net_packet_dns_base", "net_packet_http_base"),
    ("net_packet_ip_base", "net_packet_udp_base", "net_packet_dns_base"),
    ("net_packet_ip_base", "net_packet_icmp_base"),
    ("net_packet_ip_base", "net_packet_icmpv6_base"),
)
"""Events that one BPF program checks in this order; each clears bits of the mask.

Tracee v0.12 facts, 2.7.  A packet of DNS or HTTP is handled as one of TCP.
"""


@cache
def rows() -> Mapping[str, Row]:
    """Return all definitions by name, internal events included, in the order of their ids."""
    listed = [Row(*fields) for fields in json.loads(data_file("events.json"))]
    listed += [declared_row(event) for event in shipped_declarations().values()]
    known = sorted((row for row in listed if row.id not in LATER_IDS), key=lambda row: row.id)
    return MappingProxyType({row.name: row for row in known})


def declared_row(event: HookDeclaration) -> Row:
    """Return the definition of an event at a hook; v0.12 derives none of those from others."""
    arguments = [[argument.type, argument.name] for argument in event.arguments]
    return Row(event.id, event.name, False, False, sorted(event.sets), arguments, [])


@cache
def sets_of_events() -> Mapping[str, frozenset[str]]:
    """Return the sets of each event; signature events are in two (Tracee v0.12 facts, 1.3)."""
    built_in = {row.name: frozenset(row.sets) for row in rows().values()}
    signatures = dict.fromkeys(SIGNATURES, SIGNATURE_SETS)
    return MappingProxyType(built_in | signatures)


@cache
def dependencies() -> Mapping[str, Collection[str]]:
    """Return the direct dependencies of each event."""
    built_in = {row.name: tuple(row.depends_on) for row in rows().values()}
    return MappingProxyType({**built_in, **SIGNATURES})


@dataclass(frozen=True, slots=True)
class Table:
    """Masks of scopes that selected an event (``emit``) or need it (``submit``).

    Tracee v0.12 facts, 3.9.
    """

    emit: Mapping[str, int]
    submit: Mapping[str, int]

    @classmethod
    def of(cls, scopes: Sequence[Tracee012Scope]) -> Table:
        """Return the table of the events that scopes selected."""
        emit: dict[str, int] = {}
        submit = dict.fromkeys(ALWAYS_SENT, ALL_SCOPES)
        for scope in scopes:
            for name in scope.events:
                emit[name] = emit.get(name, 0) | scope.bit
            for name in with_dependencies(scope.events, dependencies()):
                submit[name] = submit.get(name, 0) | scope.bit
        return cls(emit, submit)

    def sent(self, name: str, mask: int) -> int:
        """Return the mask of an event when it is sent, from the `mask` of its task.

        The events that the same BPF program checked before have cleared bits of it
        (Tracee v0.12 facts, 2.7).
        """
        for earlier in checked_before(name):
            if earlier in self.submit:
                mask &= self.submit[earlier]
        return (ALL_SCOPES if name in ALWAYS_SENT else mask) & self.submit.get(name, 0)


@cache
def checked_before(name: str) -> tuple[str, ...]:
    """Return the events that the BPF program of `name` checks before it."""
    for together in CHECKED_TOGETHER:
        if name in together:
            return together[: together.index(name)]
    return ()


EVENT: Final = frozenset({"e", "ev", "eve", "even", "event"})
SET: Final = frozenset({"s", "se", "set"})


@dataclass(slots=True)
class Choice:
    """The values of ``event=``, ``event!=`` and ``set=`` of one scope; ``set!=`` is ignored."""

    events: list[str] = field(default_factory=list)
    not_events: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)

    def take(self, flag: Flag) -> bool:
        """Add a flag and return True if it selects events.

        Raise UsageError for ``event`` or ``set`` alone, which made Tracee v0.12 panic.
        """
        if flag.name not in EVENT | SET:
            return False
        if flag.op not in (Op.EQ, Op.NE):
            raise expression_error(flag.text, "event and set take = and !=")
        listed = values.listed(flag)
        check(flag, listed)
        if flag.name in EVENT:
            (self.events if flag.op is Op.EQ else self.not_events).extend(listed)
        elif flag.op is Op.EQ:
            self.sets.extend(listed)
        return True

    def chosen(self) -> frozenset[str]:
        """Return the selected events; an exact name wins over an exclusion."""
        excluded = named(self.not_events, public())
        exact = {name for name in self.events if not name.endswith("*")}
        sets = self.sets if self.sets or self.events else ["default"]
        members = {name for name, of in sets_of_events().items() if not of.isdisjoint(sets)}
        return frozenset(exact | ((named(self.events, public()) | members) - excluded))


def public() -> Iterable[str]:
    """Return the events that a flag can name, which are those not internal."""
    return [row.name for row in rows().values() if not row.internal] + [*SIGNATURES]


def check(flag: Flag, listed: Iterable[str]) -> None:
    """Raise UsageError for an event or a set that does not exist."""
    for value in listed:
        if flag.name in EVENT and not named([value], public()):
            verb = "trace" if flag.op is Op.EQ else "exclude"
            reason = f"invalid event to {verb}: {value}"
            raise flag_error(UsageCode.EVENT, flag.text, reason, "see --list")
        if flag.name in SET and not any(value in of for of in sets_of_events().values()):
            reason = f"invalid set to trace: {value}"
            raise flag_error(UsageCode.SET, flag.text, reason, "see --list")
