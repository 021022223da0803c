# SPDX-License-Identifier: Apache-2.0
"""Interface of the output formats."""

from __future__ import annotations

from typing import Protocol

from tracee_ref.events.event import TraceEvent


class Printer(Protocol):
    """Printer of events; what it returns ends with a newline or is empty."""

    def header(self) -> bytes:
        """Return the header."""

    def line(self, event: TraceEvent) -> bytes:
        """Return the line of an event."""
