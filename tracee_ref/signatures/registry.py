# SPDX-License-Identifier: Apache-2.0
"""Registry of the signatures of a run, as events and derivation rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..derivation.graph import problems_of
from ..derivation.rules import RULES, Rule
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
from .loader import Classes, Warn, in_directories, installed
from .runner import ERRORS, SignatureRunner, error_line

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

    ``warn`` logs each class that cannot be added.
    """

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self.events: Mapping[str, EventDefinition] = all_events()
        self.rules: Mapping[str, Rule] = RULES
        self.runners: list[SignatureRunner] = []

    def add(self, number: int, kind: type[Signature]) -> bool:
        """Add the event of a class, with the id ``number``; return whether that is possible."""
        try:
            runner = SignatureRunner(kind(), self._warn)
            event = definition_of(number, kind, self.events)
            events = {**self.events, event.name: event}
            problems = [name_problem(kind, self.events), *problems_of(event.name, events)]
            reason = next(filter(None, problems), "")
        except ERRORS as error:
            reason = error_line(error)
        if reason:
            self._warn(f"signature {kind.__name__}: not added: {reason}")
            return False
        self.events = events
        self.rules = {**self.rules, event.name: Rule(event.bases, runner, runner.metadata)}
        self.runners.append(runner)
        return True

    def add_plugins(self, kinds: Classes) -> None:
        """Add classes with the next free ids, each after those that it needs."""
        free = iter(SIGNATURE_IDS[FIRST_PLUGIN_ID - SIGNATURE_IDS.start :])
        for kind in in_order(kinds):
            self.add(next(free), kind)

    def needed(self, events: Iterable[str]) -> list[Signature]:
        """Return the signatures that the selected events depend on."""
        depends = {name: event.bases for name, event in self.events.items()}
        needed = with_dependencies(events, depends)
        return [runner.signature for runner in self.runners if runner.signature.event in needed]

    def summaries(self) -> list[str]:
        """Return a line for each signature that had errors."""
        return [line for runner in self.runners if (line := runner.summary())]


def load_signatures(directories: Iterable[Path], warn: Warn) -> Registry:
    """Return the built-in and installed signatures, and those in directories.

    Raises UsageError if a directory does not exist.
    """
    registry = Registry(warn)
    for number, kind in BUILTIN.items():
        registry.add(number, kind)
    registry.add_plugins([*installed(warn), *in_directories(directories, warn)])
    return registry


def in_order(kinds: Classes) -> Classes:
    """Return classes in an order of dependencies; those of a cycle keep their order."""
    names = {getattr(kind, "event", None) for kind in kinds}
    ordered: Classes = []
    while kinds:
        missing = names - {getattr(kind, "event", None) for kind in ordered}
        ready = [k for k in kinds if not missing.intersection(getattr(k, "needs", ()))] or kinds
        ordered += ready
        kinds = [kind for kind in kinds if kind not in ready]
    return ordered


def definition_of(
    number: int, kind: type[Signature], events: Mapping[str, EventDefinition]
) -> EventDefinition:
    """Return the definition of the event of a signature."""
    bases = [events[name] for name in kind.needs if name in events]
    return EventDefinition(
        id=number,
        name=kind.event,
        syscall=False,
        sets=SETS,
        args=tuple(ArgumentDefinition(name, type_) for type_, name in kind.arguments),
        available=all(base.available for base in bases),
        functions=tuple(dict.fromkeys(name for base in bases for name in base.functions)),
        bases=tuple(kind.needs),
    )


def name_problem(kind: type[Signature], events: Mapping[str, EventDefinition]) -> str:
    """Return the problem with the event name or the needs of a signature, or an empty string."""
    if not EVENT_NAME.fullmatch(kind.event):
        return f"{kind.event!r} is not an event name (a-z, 0-9 and _)"
    if kind.event in events:
        return f"there is an event {kind.event} already"
    return "" if kind.needs else "it needs no event"
