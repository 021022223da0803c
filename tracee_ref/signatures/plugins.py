# SPDX-License-Identifier: Apache-2.0
"""Plug-in signatures of a run: their findings, merged in the order of events."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, TypeAlias

from ..events.event import TraceEvent
from .plugin import Plugin

FINISH_SECONDS: Final = 30.0
"""Time at the end of a run for the events that wait."""

POLL_SECONDS: Final = 0.005

PluginFinding: TypeAlias = tuple[str, TraceEvent, Mapping[str, Any]]
"""The event of a signature, the event that it found, and the arguments of the finding."""


class Plugins:
    """The plug-in signatures that a run needs."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = plugins
        self._held: list[tuple[int, int, PluginFinding]] = []
        self._arrivals = count()

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return bool(self._plugins)

    def start(self, scopes: int = 0) -> None:
        """Start their processes, for events of the scopes in a mask."""
        for plugin in self._plugins:
            plugin.start(scopes)

    @property
    def pids(self) -> list[int]:
        """Process ids."""
        return [plugin.pid for plugin in self._plugins if plugin.pid is not None]

    def findings(self) -> Iterator[PluginFinding]:
        """Yield the findings that came, in the order of their events, without waiting.

        Those of later events are held back until every signature has answered the earlier ones,
        or is late.
        """
        for plugin in self._plugins:
            name = plugin.description.event
            for number, event, values in plugin.poll():
                heapq.heappush(self._held, (number, next(self._arrivals), (name, event, values)))
        waiting = [p.oldest for p in self._plugins if p.oldest is not None and not p.late]
        first = min(waiting, default=None)
        while self._held and (first is None or self._held[0][0] < first):
            yield heapq.heappop(self._held)[2]

    def finish(self, hurry: Callable[[], bool] = bool) -> Iterator[PluginFinding]:
        """Yield the findings of all events that were sent; drop signatures that take too long.

        ``hurry`` returns whether to wait no longer.
        """
        deadline = time.monotonic() + FINISH_SECONDS
        while self._held or any(plugin.oldest is not None for plugin in self._plugins):
            yield from self.findings()
            if hurry() or time.monotonic() > deadline:
                self._drop_unfinished()
            time.sleep(POLL_SECONDS)
        yield from self.findings()

    def close(self) -> None:
        """End their processes."""
        for plugin in self._plugins:
            plugin.close()

    def _drop_unfinished(self) -> None:
        for plugin in self._plugins:
            if plugin.oldest is not None:
                plugin.drop(f"it was not done {FINISH_SECONDS:.0f} s after the end")
