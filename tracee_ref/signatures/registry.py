# SPDX-License-Identifier: Apache-2.0
"""Registry of the signatures of a run, as events and derivation rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from ..derivation.graph import problems_of
from ..derivation.rules import Rule, built_in_rules
from ..events.catalogue import SIGNATURE_IDS, ArgumentDefinition, EventDefinition, all_events
from ..model.selection import with_dependencies
from .base import Signature
from .builtin import (
    debugging,
    discovery,
    escape,
    execution,
    kubernetes,
    memory,
    persistence,
    sockets,
)
from .description import SignatureInfo
from .loader import Warn, load
from .plugin import Plugin
from .plugins import Plugins
from .runner import SignatureRunner
from .sources import Source, sources

Loaded: TypeAlias = list[tuple[Source, SignatureInfo]]

BUILTIN: Final[Mapping[int, type[Signature]]] = MappingProxyType(
    {
        6000: sockets.StdioOverSocket,
        6001: kubernetes.K8sApiConnection,
        6002: discovery.AslrInspection,
        6003: memory.ProcMemCodeInjection,
        6004: escape.DockerAbuse,
        6005: persistence.ScheduledTaskMod,
        6006: persistence.LdPreload,
        6007: escape.CgroupNotifyOnRelease,
        6008: persistence.DefaultLoaderMod,
        6009: persistence.SudoersModification,
        6010: discovery.SchedDebugRecon,
        6011: escape.SystemRequestKeyMod,
        6012: escape.CgroupReleaseAgent,
        6013: persistence.RcdModification,
        6014: escape.CorePatternModification,
        6015: discovery.ProcKcoreRead,
        6016: memory.ProcMemAccess,
        6017: execution.HiddenFileCreated,
        6018: debugging.AntiDebugging,
        6019: debugging.PtraceCodeInjection,
        6020: memory.ProcessVmWriteInject,
        6021: escape.DiskMount,
        6022: memory.DynamicCodeLoading,
        6023: execution.FilelessExecution,
        6024: execution.IllegitimateShell,
        6025: execution.KernelModuleLoading,
        6026: kubernetes.K8sCertTheft,
        6029: execution.DroppedExecutable,
    }
)
"""Built-in signatures by the ids of Tracee v0.12 (docs/design/tracee-v0.12-facts.md, 5.5)."""

SETS: Final = frozenset({"signatures", "default"})
FIRST_PLUGIN_ID: Final = 6030
"""First id after those of Tracee v0.12."""

EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Registry:
    """Events and derivation rules of a run, those of signatures among them.

    ``warn`` logs each signature that cannot be added, and later its errors.
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._numbers = count()
        self.events: Mapping[str, EventDefinition] = all_events()
        self.rules: Mapping[str, Rule] = built_in_rules()
        self.runners: list[SignatureRunner | Plugin] = []

    def add(self, number: int, runner: SignatureRunner | Plugin) -> bool:
        """Add the event of a signature, with the id ``number``; return whether that is possible."""
        description = runner.description
        event = definition_of(number, description, self.events)
        events = {**self.events, event.name: event}
        problems = [name_problem(description, self.events), *problems_of(event.name, events)]
        if reason := next(filter(None, problems), ""):
            self._warn(f"signature {description.name}: not added: {reason}")
            return False
        self.events = events
        self.rules = {**self.rules, event.name: Rule(event.bases, runner, description.metadata())}
        self.runners.append(runner)
        return True

    def add_events(self, events: Iterable[EventDefinition]) -> None:
        """Add events of the kernel side that this run has."""
        self.events = {**self.events, **{event.name: event for event in events}}

    def add_plugins(self, loaded: Iterable[tuple[Source, SignatureInfo]]) -> None:
        """Add plug-ins with the next free ids, each after those that it needs."""
        free = iter(SIGNATURE_IDS[FIRST_PLUGIN_ID - SIGNATURE_IDS.start :])
        for source, description in in_order([*loaded]):
            number = next(free, None)
            if number is None:
                self._warn(f"signature {description.name}: not added: there are too many")
                return
            self.add(number, Plugin(source, description, self._numbers, self._warn))

    def needed(self, events: Iterable[str]) -> list[SignatureRunner | Plugin]:
        """Return the signatures that the selected events depend on."""
        depends = {name: event.bases for name, event in self.events.items()}
        needed = with_dependencies(events, depends)
        return [runner for runner in self.runners if runner.description.event in needed]

    def plugins(self, events: Iterable[str]) -> Plugins:
        """Return the plug-ins among them."""
        return Plugins([runner for runner in self.needed(events) if isinstance(runner, Plugin)])

    def summaries(self) -> list[str]:
        """Return a line for each signature that had errors, or did not see events."""
        return [line for runner in self.runners if (line := runner.summary())]


def load_signatures(
    directories: Iterable[Path], warn: Warn, events: Iterable[EventDefinition] = ()
) -> Registry:
    """Return the built-in and installed signatures, and those in directories.

    ``events`` are those that a user declared, which signatures may need.

    Raises UsageError if a directory does not exist, or others can write it.
    """
    registry = Registry(warn)
    registry.add_events(events)
    for number, kind in BUILTIN.items():
        registry.add(number, SignatureRunner(kind(), warn))
    registry.add_plugins(load(sources(directories), warn))
    return registry


def in_order(loaded: Loaded) -> Loaded:
    """Return signatures in an order of dependencies; those of a cycle keep their order."""
    names = {description.event for _, description in loaded}
    ordered: Loaded = []
    while loaded:
        missing = names - {description.event for _, description in ordered}
        ready = [item for item in loaded if not missing.intersection(item[1].needs)] or loaded
        ordered += ready
        loaded = [item for item in loaded if item not in ready]
    return ordered


def definition_of(
    number: int, description: SignatureInfo, events: Mapping[str, EventDefinition]
) -> EventDefinition:
    """Return the definition of the event of a signature."""
    bases = [events[name] for name in description.needs if name in events]
    return EventDefinition(
        id=number,
        name=description.event,
        syscall=False,
        sets=SETS,
        args=tuple(ArgumentDefinition(name, type_) for type_, name in description.arguments),
        available=all(base.available for base in bases),
        functions=tuple(dict.fromkeys(name for base in bases for name in base.functions)),
        hooks=tuple(dict.fromkeys(hook for base in bases for hook in base.hooks)),
        bases=description.needs,
    )


def name_problem(description: SignatureInfo, events: Mapping[str, EventDefinition]) -> str:
    """Return the problem with the event name or the needs of a signature, or an empty string."""
    if not EVENT_NAME.fullmatch(description.event):
        return f"{description.event!r} is not an event name (a-z, 0-9 and _)"
    for name in (name for _, name in description.arguments):
        if not name.isprintable() or not name:
            return f"{name!r} is not a name of an argument"
    if description.event in events:
        return f"there is an event {description.event} already"
    return "" if description.needs else "it needs no event"
