# SPDX-License-Identifier: Apache-2.0
"""Functions and static probes of programs and libraries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from ...errors import HostCode, HostError, did_you_mean
from ...events.catalogue import ArgumentDefinition, EventDefinition
from ...events.probe_hooks import UserArgument, UserHook, UserSite, ValueLocation
from ...events.probe_names import ProbeKind, ProbeName
from ...events.shapes import Shape
from ..attach.syscall_hooks import is_x86
from ..attach.uprobes import UPROBES
from .elf import StaticProbe, opened_elf
from .source import ProbeSource
from .usdt import argument_locations

REGISTER_ARGUMENTS: Final = 6
NUMBERS: Final = {
    "s8": Shape.INT64, "u8": Shape.UINT64, "s16": Shape.INT64, "u16": Shape.UINT16,
    "int": Shape.INT32, "u32": Shape.UINT32, "long": Shape.INT64, "u64": Shape.UINT64,
}  # fmt: skip
FILES: Final = 16
"""Files whose symbols are kept while the names of a run are looked up."""


class FunctionSource(ProbeSource):
    """Functions in the symbol tables of ELF files, at their entry."""

    kind = ProbeKind.UPROBE

    def names(self, pattern: ProbeName) -> Iterator[str]:
        """Yield the functions of a file that begin with a prefix."""
        require_uprobes()
        prefix = pattern.symbol[:-1]
        for name, offset in sorted(functions_of(pattern.target).items()):
            if name.startswith(prefix) and offset is not None:
                yield f"{self.kind.value}:{pattern.target}:{name}"

    def event(self, probe: ProbeName, number: int) -> EventDefinition | None:
        """Return the event at a function, with the registers of its first six arguments."""
        require_uprobes()
        found = functions_of(probe.target)
        if probe.symbol not in found:
            return None
        offset = found[probe.symbol]
        if offset is None:
            raise HostError(
                HostCode.UNAVAILABLE_EVENT,
                f"{probe.target}: {probe.symbol} is an indirect function (IFUNC), whose code is"
                " chosen when a program starts; name the function that is chosen",
            )
        return user_event(self.kind, probe, number, self._hook(probe.target, offset))

    def remedy(self, probe: ProbeName) -> str:
        """Return the nearest name of a function."""
        near = did_you_mean(probe.symbol, functions_of(probe.target), self._prefix(probe))
        return f"{probe.target} has no such function in its symbols{near}"

    def _prefix(self, probe: ProbeName) -> str:
        return f"{self.kind.value}:{probe.target}:"

    def _hook(self, path: str, offset: int) -> UserHook:
        indexes = range(REGISTER_ARGUMENTS)
        locations = tuple(ValueLocation(argument=index) for index in indexes)
        arguments = tuple(UserArgument(f"arg{index}", "u64", Shape.UINT64) for index in indexes)
        return UserHook(path, (UserSite(offset, locations),), arguments)


class ReturnSource(FunctionSource):
    """The same functions at their return, which has no arguments."""

    kind = ProbeKind.URETPROBE

    def _hook(self, path: str, offset: int) -> UserHook:
        return UserHook(path, (UserSite(offset),), at_return=True)


class StaticProbeSource(ProbeSource):
    """Static probes in the notes of ELF files."""

    def names(self, pattern: ProbeName) -> Iterator[str]:
        """Yield the probes of a file that begin with a prefix."""
        require_uprobes()
        for name in sorted(static_probes_of(pattern.target)):
            if name.startswith(pattern.symbol[:-1]):
                yield f"{ProbeKind.USDT.value}:{pattern.target}:{name}"

    def event(self, probe: ProbeName, number: int) -> EventDefinition | None:
        """Return the event at all places of a probe.

        An argument whose location is known at one place only is left out.
        """
        require_uprobes()
        if not is_x86():
            raise HostError(HostCode.UNAVAILABLE_EVENT, "static probes: only on x86-64")
        places = static_probes_of(probe.target).get(probe.symbol)
        if places is None:
            return None
        found = [argument_locations(place.arguments) for place in places]
        known = sorted(set(found[0]).intersection(*found[1:]))
        types = [found[0][index][0] for index in known]
        arguments = tuple(
            UserArgument(f"arg{index}", type_, NUMBERS[type_])
            for index, type_ in zip(known, types, strict=True)
        )
        sites = tuple(
            UserSite(place.offset, tuple(at[index][1] for index in known), place.semaphore)
            for place, at in zip(places, found, strict=True)
        )
        hook = UserHook(probe.target, sites, arguments)
        return user_event(ProbeKind.USDT, probe, number, hook)

    def remedy(self, probe: ProbeName) -> str:
        """Return the nearest name of a probe."""
        prefix = f"{ProbeKind.USDT.value}:{probe.target}:"
        near = did_you_mean(probe.symbol, static_probes_of(probe.target), prefix)
        return f"{probe.target} has no such static probe{near}"


def require_uprobes() -> None:
    """Raise HostError if this kernel has no uprobes."""
    if not UPROBES.exists():
        raise HostError(
            HostCode.UNAVAILABLE_EVENT, "uprobes: unavailable here: needs CONFIG_UPROBE_EVENTS=y"
        )


def user_event(kind: ProbeKind, probe: ProbeName, number: int, hook: UserHook) -> EventDefinition:
    """Return the event at a hook in a file."""
    arguments = tuple(ArgumentDefinition(a.name, a.type, a.shape) for a in hook.arguments)
    name = f"{kind.value}:{probe.text}"
    return EventDefinition(number, name, False, frozenset(), arguments, True, hook=hook)


@lru_cache(maxsize=FILES)
def functions_of(path: str) -> Mapping[str, int | None]:
    """Return the functions of a file; raises HostError."""
    with opened_elf(path) as file:
        return file.functions()


@lru_cache(maxsize=FILES)
def static_probes_of(path: str) -> Mapping[str, list[StaticProbe]]:
    """Return the places of the static probes of a file by PROVIDER:NAME; raises HostError."""
    found: dict[str, list[StaticProbe]] = {}
    with opened_elf(path) as file:
        for probe in file.static_probes():
            found.setdefault(f"{probe.provider}:{probe.name}", []).append(probe)
    return found
