# SPDX-License-Identifier: Apache-2.0
"""Kind of hooks: which of them there are, and the events at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from ...events.catalogue import EventDefinition
from ...events.probe_names import ProbeName


class ProbeSource(ABC):
    """Hooks of one kind on this kernel; the methods raise HostError where it can have none."""

    @abstractmethod
    def names(self, pattern: ProbeName) -> Iterator[str]:
        """Yield the names of the events that a pattern stands for, in alphabetical order."""

    @abstractmethod
    def event(self, probe: ProbeName, number: int) -> EventDefinition | None:
        """Return the event at a hook, with an id; None if there is no such hook.

        Raises HostError if there is one that no program can be attached to.
        """

    @abstractmethod
    def remedy(self, probe: ProbeName) -> str:
        """Return why there is no such hook, with the name that was perhaps meant."""

    def close(self) -> None:  # noqa: B027
        """Free what the methods needed."""
