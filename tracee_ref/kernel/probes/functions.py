# SPDX-License-Identifier: Apache-2.0
"""Functions of the kernel as events, at their entry or return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...abi import HOOK_SLOTS
from ...errors import HostCode, HostError, did_you_mean
from ...events.catalogue import EventDefinition
from ...events.declarations import HookDeclaration, HookType
from ...events.probe_names import ProbeKind, ProbeName
from ..attach.features import KPROBES, types
from ..attach.kprobe_targets import blacklist
from .prototypes import function_arguments
from .source import ProbeSource
from .symbols import VARIANT, functions, traceable, variants_of

NO_KPROBES: Final = "unavailable here: needs kprobes (CONFIG_KPROBE_EVENTS=y)"

NEAR_START: Final = 3
"""Characters that a name must have in common with a wrong one to be compared with it."""


class KprobeSource(ProbeSource):
    """Functions of the kernel and its modules, at their entry."""

    kind = ProbeKind.KPROBE
    hook = HookType.KPROBE

    def names(self, pattern: ProbeName) -> Iterator[str]:
        """Yield the functions that begin with a prefix and that can be attached to."""
        self._require_kprobes(pattern)
        prefix, refused, can_trace = pattern.symbol[:-1], blacklist(), traceable()
        for name, count in sorted(functions().items()):
            if (
                name.startswith(prefix)
                and count == 1
                and VARIANT not in name
                and name not in refused
                and (not can_trace or name in can_trace)
            ):
                yield f"{self.kind.value}:{name}"

    def event(self, probe: ProbeName, number: int) -> EventDefinition | None:
        """Return the event at a function, with the arguments that its prototype in BTF has."""
        self._require_kprobes(probe)
        name = probe.symbol
        count = functions().get(name, 0)
        if not count:
            return None
        if name in blacklist():
            raise self._unavailable(probe, "the kernel allows no kprobe in this function")
        if count > 1:
            raise self._unavailable(probe, f"{count} functions of the kernel have this name")
        at_return = self.hook is HookType.KRETPROBE
        found = [] if at_return else function_arguments(types(), name)[:HOOK_SLOTS]
        event = f"{self.kind.value}:{name}"
        declaration = HookDeclaration(
            event, number, self.hook, ((name,),), tuple(a.declaration for a in found)
        )
        return EventDefinition(
            id=number,
            name=event,
            syscall=False,
            sets=frozenset(),
            args=tuple(argument.definition for argument in found),
            available=True,
            functions=(name,),
            declaration=declaration,
            hooks=(declaration,),
        )

    def remedy(self, probe: ProbeName) -> str:
        """Return why there is no such function: a variant of it, inlined, or the nearest name."""
        name = probe.symbol
        if variants := variants_of(name):
            return (
                f"the compiler made other functions of {name}, with other arguments; name one of"
                f" {', '.join(f'{self.kind.value}:{variant}' for variant in variants)}"
            )
        if types().function(name) is not None:
            return f"the compiler inlined {name} wherever it is called"
        near = [known for known in functions() if known[:NEAR_START] == name[:NEAR_START]]
        guess = did_you_mean(name, near, f"{self.kind.value}:")
        return f"this kernel has no such function, or the compiler inlined it{guess}"

    def _require_kprobes(self, probe: ProbeName) -> None:
        if not KPROBES.exists():
            raise HostError(
                HostCode.UNAVAILABLE_EVENT, f"event={self.kind.value}:{probe.text}: {NO_KPROBES}"
            )

    def _unavailable(self, probe: ProbeName, reason: str) -> HostError:
        name = f"{self.kind.value}:{probe.text}"
        return HostError(HostCode.UNAVAILABLE_EVENT, f"event={name}: {reason}; name another one")


class KretprobeSource(KprobeSource):
    """The same functions at their return, with what they return."""

    kind = ProbeKind.KRETPROBE
    hook = HookType.KRETPROBE
