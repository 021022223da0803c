# SPDX-License-Identifier: Apache-2.0
"""What every output format can do."""

from __future__ import annotations

from typing import Protocol

from tracee_ref.events.event import TraceEvent


class Printer(Protocol):
    """A format of the event stream; what it returns ends with a newline or is empty."""

    def header(self) -> bytes:
        """Return what comes before the first event."""

    def line(self, event: TraceEvent) -> bytes:
        """Return an event."""
