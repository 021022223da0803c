# SPDX-License-Identifier: Apache-2.0
"""Time limit of reading /proc at a start, which other users can make long."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, TypeVar

FIRST_SECONDS: Final = 30.0
"""Time after which the first reading ends, with processes left that existed before.

One process takes some 100 us on an idle machine.
"""

Item = TypeVar("Item")


def until(deadline: float, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items before a time of the monotonic clock (s)."""
    return takewhile(lambda _: time.monotonic() < deadline, items)
