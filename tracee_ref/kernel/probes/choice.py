# SPDX-License-Identifier: Apache-2.0
"""Events at the hooks that flags name, as this kernel has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import islice
from typing import Final

from ...errors import HostError, UsageCode, UsageError, flag_error
from ...events.catalogue import EventDefinition
from ...events.declarations import DYNAMIC_IDS
from ...events.probe_names import (
    FORMS,
    ProbeKind,
    ProbeName,
    is_pattern,
    kind_of,
    parse_probe,
)
from .functions import KprobeSource, KretprobeSource
from .source import ProbeSource
from .tracepoints import TracepointSource
from .user import FunctionSource, ReturnSource, StaticProbeSource

PROBES_MAX: Final = 128
"""Hooks that a run may choose; each adds to the time to compile, some 70 ms."""


class ProbeChoice:
    """The hooks of a run."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._sources: dict[ProbeKind, ProbeSource] = {}

    def __enter__(self) -> ProbeChoice:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def events(self, requested: Mapping[str, str], numbers: Iterator[int]) -> list[EventDefinition]:
        """Return the events of names and patterns, each given with the flag that has it.

        ``numbers`` are their ids.

        Raises UsageError for what this kernel does not have and for too many, and HostError for
        what no program can be attached to here.
        """
        names: dict[str, str] = {}
        for text, flag in requested.items():
            for name in self._names(text, flag):
                names.setdefault(name, flag)
                if len(names) > PROBES_MAX:
                    raise limit_error(flag)
        return [self.event(name, flag, next(numbers)) for name, flag in names.items()]

    def listed(self, text: str) -> Iterator[EventDefinition]:
        """Yield the events of a name or pattern; of a pattern those that can be attached to."""
        for name in self._names(text, text, None):
            try:
                yield self.event(name, text, DYNAMIC_IDS[0])
            except HostError:
                if not is_pattern(text):
                    raise

    def _names(self, text: str, flag: str, limit: int | None = PROBES_MAX + 1) -> list[str]:
        """Return a name, or the names that a pattern stands for, at most ``limit``."""
        probe = _parsed(text, flag)
        if not is_pattern(text):
            return [text]
        source = self._source(probe.kind)
        names = [*islice(source.names(probe), limit)]
        if not names:
            raise unknown_error(text, flag, source.remedy(probe))
        return names

    def event(self, name: str, flag: str, number: int) -> EventDefinition:
        """Return the event of a name; raises as ``events``."""
        probe = _parsed(name, flag)
        source = self._source(probe.kind)
        event = source.event(probe, number)
        if event is None:
            raise unknown_error(name, flag, source.remedy(probe))
        return event

    def _source(self, kind: ProbeKind) -> ProbeSource:
        if kind not in self._sources:
            self._sources[kind] = self._stack.enter_context(closing(SOURCES[kind]()))
        return self._sources[kind]


SOURCES: Final[Mapping[ProbeKind, type[ProbeSource]]] = {
    ProbeKind.KPROBE: KprobeSource,
    ProbeKind.KRETPROBE: KretprobeSource,
    ProbeKind.TRACEPOINT: TracepointSource,
    ProbeKind.UPROBE: FunctionSource,
    ProbeKind.URETPROBE: ReturnSource,
    ProbeKind.USDT: StaticProbeSource,
}


def chosen_events(requested: Mapping[str, str], numbers: Iterator[int]) -> list[EventDefinition]:
    """Return the events of names and patterns; raises as ``ProbeChoice.events``."""
    with ProbeChoice() as choice:
        return choice.events(requested, numbers)


def listed_probes(name: str) -> list[EventDefinition]:
    """Return the events of a name or pattern; raises as ``ProbeChoice.events``."""
    with ProbeChoice() as choice:
        return [*choice.listed(name)]


def _parsed(name: str, flag: str) -> ProbeName:
    probe = parse_probe(name)
    if probe is None:
        raise unknown_error(name, flag, f"expected {FORMS[kind_of(name)]}")
    return probe


def limit_error(flag: str) -> UsageError:
    """Return the error for too many hooks."""
    return UsageError(
        UsageCode.LIMIT,
        f"filter {flag!r}: more than {PROBES_MAX} hooks - give names, or a longer prefix",
        flag=flag,
    )


def unknown_error(name: str, flag: str, remedy: str) -> UsageError:
    """Return the error for a hook that does not exist."""
    return flag_error(UsageCode.EVENT, flag, f"invalid event to trace: {name}", remedy)
