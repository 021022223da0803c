"""The table of built-in derived events: what each needs, and how it is made of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from ..events.event import Metadata, TraceEvent
from ..events.hook_names import BASES
from ..packets import rules as packets
from . import containers

Values: TypeAlias = Mapping[str, Any]
"""Arguments of a derived event by name: raw values, as those of its bases are."""

Derive: TypeAlias = Callable[[TraceEvent, Values], Iterable[Values]]
"""Gives the arguments of each event that is to be made of a base event, often of none.

It is given the base, which it must not change, and the base's arguments by name: in raw form,
whatever the outputs show, and None where a value was not there or could not be read.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a derived event comes about: ``derive`` is asked of every event of its ``bases``.

    ``metadata`` goes with every event that it makes; only signatures have one.
    """

    bases: tuple[str, ...]
    derive: Derive
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET


MADE: Final[Mapping[str, Derive]] = {
    "container_create": containers.created,
    "container_remove": containers.removed,
    **packets.MADE,
}
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {name: Rule(bases, MADE[name]) for name, bases in BASES.items()}
)
"""By the name of the derived event."""
