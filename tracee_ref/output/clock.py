# SPDX-License-Identifier: Apache-2.0
"""The TIME cell of the tables."""

from __future__ import annotations

import time
from typing import Final

NANOSECONDS: Final = 1_000_000_000


class Clock:
    """Turns nanoseconds into ``HH:MM:SS:uuuuuu``, in local time or in UTC.

    UTC is for relative-time, where the nanoseconds count from the start of tracing.
    """

    def __init__(self, *, relative: bool = False) -> None:
        self._split = time.gmtime if relative else time.localtime
        self._second = -1
        self._text = ""

    def text(self, timestamp: int) -> str:
        """Return the time of day of a time stamp in nanoseconds."""
        second, rest = divmod(timestamp, NANOSECONDS)
        if second != self._second:
            # Events come by the thousand per second: the calendar is asked once in each.
            self._text = time.strftime("%H:%M:%S:", self._split(second))
            self._second = second
        return f"{self._text}{rest // 1000:06d}"
