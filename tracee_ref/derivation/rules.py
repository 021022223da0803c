# SPDX-License-Identifier: Apache-2.0
"""Table of the built-in derived events: base events and derivation of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from ..events.event import Metadata, TraceEvent
from ..events.hook_names import BASES
from ..packets import rules as packets
from ..symbols.rules import symbol_derivations
from . import containers

Values: TypeAlias = Mapping[str, Any]
"""Arguments of a derived event by name: raw (numbers), as those of its bases are."""

Derive: TypeAlias = Callable[[TraceEvent, Values], Iterable[Values]]
"""Gives the arguments of each event derived from a base event, often none.

It gets the base, which it must not change, and the base's arguments by name: raw even with
parse-arguments, and None if a value was absent or could not be read.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """Derivation of one event: ``derive`` is called with every event of its ``bases``.

    ``metadata`` is copied to every derived event; only signatures have it.
    """

    bases: tuple[str, ...]
    derive: Derive
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET


def built_in_rules() -> dict[str, Rule]:
    """Return the rules of a run by the name of the derived event; those of packets keep state."""
    derivations: dict[str, Derive] = {
        "container_create": containers.derive_create,
        "container_remove": containers.derive_remove,
        **packets.packet_derivations(),
        **symbol_derivations(),
    }
    return {name: Rule(bases, derivations[name]) for name, bases in BASES.items()}
