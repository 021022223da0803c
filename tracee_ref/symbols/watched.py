# SPDX-License-Identifier: Apache-2.0
"""Filters on symbols: what a scope watches, and the libraries that it leaves out.

They are settings of the events, as in Tracee v0.12: ``symbols=`` and ``symbols!=`` choose among the
symbols of a library, ``library_path!=`` is the beginning of a path, or of a name in the usual
directories of libraries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..model.scope import Condition, EventField, Op, Part, Pattern, Scope
from ..strings import bytes_of, text_of

LOADED, COLLISION = "symbols_loaded", "symbols_collision"
SYMBOLS, LIBRARY_PATH = "symbols", "library_path"

LIBRARY_DIRECTORIES: Final = re.compile(
    r"/(?:usr/)?lib(?:64)?/(?:(?:x86_64|aarch64|i386|i686)-linux-gnu/)?"
)


@dataclass(frozen=True, slots=True)
class Watch:
    """The symbols that a scope watches; all if ``wanted`` is None."""

    bit: int
    wanted: tuple[Pattern, ...] | None
    unwanted: tuple[Pattern, ...]
    ignored: tuple[str, ...] = ()

    def ignores(self, path: str) -> bool:
        """Return whether the scope leaves out a library."""
        name = LIBRARY_DIRECTORIES.sub("", path, count=1)
        return any(
            (path if prefix.startswith("/") else name).startswith(prefix)
            and (prefix.startswith("/") or name != path)
            for prefix in self.ignored
        )

    def watched(self, symbols: frozenset[str]) -> frozenset[str]:
        """Return the watched ones of symbols."""
        found = symbols if self.wanted is None else matching(self.wanted, symbols)
        return found - matching(self.unwanted, found) if self.unwanted else found


def matching(patterns: Iterable[Pattern], symbols: frozenset[str]) -> frozenset[str]:
    """Return the symbols that match any of the patterns."""
    exact = {text_of(pattern.text) for pattern in patterns if pattern.exact}
    others = [pattern for pattern in patterns if not pattern.exact]
    found = symbols & exact
    if others:
        found |= {name for name in symbols if any(p.matches(bytes_of(name)) for p in others)}
    return found


def watches(scopes: Iterable[Scope], event: str) -> list[Watch]:
    """Return what each scope that selects an event watches.

    Without ``symbols=`` a scope watches no loaded symbol, but all collisions.
    """
    return [watch_of(scope, event) for scope in scopes if event in scope.events]


def watch_of(scope: Scope, event: str) -> Watch:
    """Return what a scope watches."""
    wanted = patterns_of(scope, event, SYMBOLS, Op.EQ)
    libraries = patterns_of(scope, event, LIBRARY_PATH, Op.NE)
    return Watch(
        scope.bit,
        None if event == COLLISION and not wanted else wanted,
        patterns_of(scope, event, SYMBOLS, Op.NE),
        tuple(text_of(pattern.text) for pattern in libraries if not pattern.open_start),
    )


def patterns_of(scope: Scope, event: str, name: str, op: Op) -> tuple[Pattern, ...]:
    """Return the patterns of a scope for an argument."""
    key = EventField(event, Part.ARGS, name)
    found = [c.value for c in scope.conditions if c.key == key and c.op is op]
    return tuple(value for value in found if isinstance(value, Pattern))


def is_setting(condition: Condition) -> bool:
    """Return whether a condition is on the symbols of an event: the derivation applies it."""
    key = condition.key
    return (
        isinstance(key, EventField)
        and key.event in (LOADED, COLLISION)
        and key.part is Part.ARGS
        and key.name == SYMBOLS
    )


def without_settings(scopes: Sequence[Scope]) -> list[Scope]:
    """Return the scopes without the conditions that the derivation applies."""
    return [
        replace(s, conditions=frozenset(c for c in s.conditions if not is_setting(c)))
        for s in scopes
    ]
