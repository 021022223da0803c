# SPDX-License-Identifier: Apache-2.0
"""Derivation of symbols_loaded and symbols_collision from shared_object_loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ..events.event import TraceEvent
from ..model.scope import Scope
from .objects import FileId, Lru, SharedObject, Symbols
from .watched import COLLISION, LOADED, Watch, watches

Values: TypeAlias = Mapping[str, Any]

EXEC: Final = "sched_process_exec"
PROCESSES_KEPT: Final = 1024
OBJECTS_OF_PROCESS_MAX: Final = 1024
PAIRS_KEPT: Final = 4096
SYMBOLS_PRINTED_MAX: Final = 1024
"""Symbols of one event."""


class Masked(dict[str, Any]):
    """Arguments of an event that only some of the scopes match."""

    def __init__(self, values: Values, mask: int) -> None:
        super().__init__(values)
        self.mask = mask


class SymbolRule:
    """Derivation of an event; ``watch`` gives it the scopes of the run."""

    event = ""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._watches: Sequence[Watch] = ()

    def watch(self, scopes: Iterable[Scope]) -> None:
        """Set the scopes."""
        self._watches = watches(scopes, self.event)

    def __call__(self, base: TraceEvent, values: Values) -> Iterator[Values]:
        """Yield the arguments of the derived events."""
        raise NotImplementedError

    def _masked(
        self, mask: int, path: str, symbols: frozenset[str], common: Values
    ) -> Iterator[Values]:
        """Yield the event of the scopes that watch any of the symbols."""
        found: set[str] = set()
        matched = 0
        for watch in self._watches:
            if watch.bit & mask and not watch.ignores(path) and (own := watch.watched(symbols)):
                matched |= watch.bit
                found |= own
        if matched:
            printed = sorted(found)[:SYMBOLS_PRINTED_MAX]
            yield Masked({**common, "symbols": printed}, matched)


def loaded_object(base: TraceEvent, values: Values) -> SharedObject | None:
    """Return the object of a shared_object_loaded; None without a path."""
    if values["pathname"] is None:
        return None
    identity = FileId(values["dev"], values["inode"], values["ctime"])
    return SharedObject(identity, values["pathname"], base.host_process_id, base.mount_namespace)


class SymbolsLoaded(SymbolRule):
    """Derivation of symbols_loaded: an object exports symbols that a scope watches."""

    event = LOADED

    def __call__(self, base: TraceEvent, values: Values) -> Iterator[Values]:
        """Yield the arguments of the event."""
        if base.event_name == EXEC:
            self.symbols.note(base.host_process_id, base.mount_namespace)
            return
        loaded = loaded_object(base, values)
        if loaded is None or not any(watch.wanted for watch in self._watches):
            return
        path, symbols = loaded.path, self.symbols.of(loaded)
        yield from self._masked(base.matched_scopes, path, symbols, {"library_path": path})


class SymbolsCollision(SymbolRule):
    """Derivation of symbols_collision: two objects of a process export the same symbols."""

    event = COLLISION

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(symbols)
        self._objects: Lru[int, dict[FileId, SharedObject]] = Lru(PROCESSES_KEPT)
        self._pairs: Lru[frozenset[FileId], frozenset[str]] = Lru(PAIRS_KEPT)

    def __call__(self, base: TraceEvent, values: Values) -> Iterator[Values]:
        """Yield the arguments of an event for each object that the new one collides with."""
        pid = base.host_process_id
        if base.event_name == EXEC:
            self._objects.put(pid, {})
            return
        loaded = loaded_object(base, values)
        if loaded is None:
            return
        objects = self._objects.get(pid)
        if objects is None:
            objects = {}
            self._objects.put(pid, objects)
        others = [*objects.values()] if loaded.id not in objects else []
        if len(objects) < OBJECTS_OF_PROCESS_MAX:
            objects[loaded.id] = loaded
        for other in others:
            paths = {"loaded_path": loaded.path, "collision_path": other.path}
            common = self._common(loaded, other)
            yield from self._masked(base.matched_scopes, loaded.path, common, paths)

    def _common(self, loaded: SharedObject, other: SharedObject) -> frozenset[str]:
        pair = frozenset((loaded.id, other.id))
        found = self._pairs.get(pair)
        if found is None:
            found = self.symbols.of(loaded) & self.symbols.of(other)
            self._pairs.put(pair, found)
        return found


def symbol_derivations() -> dict[str, SymbolRule]:
    """Return the derivations of a run, which share what they read."""
    symbols = Symbols()
    return {rule.event: rule for rule in (SymbolsLoaded(symbols), SymbolsCollision(symbols))}
