"""The signatures that come with the tracer, by the ids that their events have (facts, 5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .debugging import AntiDebugging
from .signature import Signature

SHIPPED: Final[Mapping[int, type[Signature]]] = MappingProxyType({6018: AntiDebugging})
