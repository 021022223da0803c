"""Every way in which Tracee v0.12.0 is known to differ from the semantics, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .difference import Deviation
from .event_deviations import EVENT_DEVIATIONS
from .field_deviations import FIELD_DEVIATIONS
from .known_deviations import PROCESS_DEVIATIONS

DEVIATIONS: Final[Sequence[Deviation]] = (
    *PROCESS_DEVIATIONS,
    *FIELD_DEVIATIONS,
    *EVENT_DEVIATIONS,
)
