# SPDX-License-Identifier: Apache-2.0
"""Automaton that matches a name against all patterns with * in one pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..model.scope import Key, Op, Pattern, Scope
from .masks import ScopeMasks, conditions_of, scopes_without_equal

START_SYMBOL: Final = 256
"""Symbol before the first byte; a pattern without a leading ``*`` begins with it."""

END_SYMBOL: Final = 0
"""The NUL after the last byte; a pattern without a trailing ``*`` ends with it."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """Aho-Corasick automaton over all patterns; state 0 is the start state.

    ``rows[state][classes[byte]]`` is the next state, ``masks[state]`` has the masks of the
    patterns that end there, ``without_equal`` the scopes without an ``=`` pattern.
    """

    classes: bytes
    class_count: int
    rows: Sequence[Sequence[int]]
    masks: Sequence[ScopeMasks]
    without_equal: int


def has_patterns(scopes: Sequence[Scope], key: Key) -> bool:
    """Return whether any scope uses ``*`` with this key."""
    return any(not pattern.exact for _, _, pattern in _patterns(scopes, key))


def automaton(scopes: Sequence[Scope], key: Key) -> Automaton:
    """Return the automaton of a key (rule 8)."""
    trie = _Trie()
    for bit, op, pattern in _patterns(scopes, key):
        trie.add(pattern).add(op, bit)
    return trie.automaton(scopes_without_equal(scopes, key))


def _patterns(scopes: Sequence[Scope], key: Key) -> list[tuple[int, Op, Pattern]]:
    of_key = conditions_of(scopes, key)
    return [(bit, c.op, c.value) for bit, c in of_key if isinstance(c.value, Pattern)]


@dataclass(slots=True)
class _Trie:
    """States and their children; state 0 is the root, state 1 its child by START_SYMBOL."""

    children: list[dict[int, int]] = field(default_factory=lambda: [{START_SYMBOL: 1}, {}])
    masks: list[ScopeMasks] = field(default_factory=lambda: [ScopeMasks(), ScopeMasks()])

    def add(self, pattern: Pattern) -> ScopeMasks:
        state = 0 if pattern.open_start else 1
        for symbol in pattern.text + (b"" if pattern.open_end else bytes([END_SYMBOL])):
            following = self.children[state].get(symbol)
            if following is None:
                following = self.children[state][symbol] = len(self.children)
                self.children.append({})
                self.masks.append(ScopeMasks())
            state = following
        return self.masks[state]

    def automaton(self, without_equal: int) -> Automaton:
        classes, count = self._classes()
        rows = self._rows(classes, count)
        # The start state is 1; swap the first two so that it has number 0.
        swapped = [1, 0, *range(2, len(rows))]
        rows = [[swapped[state] for state in row] for row in rows]
        rows[0], rows[1] = rows[1], rows[0]
        masks = [self.masks[1], self.masks[0], *self.masks[2:]]
        return Automaton(classes, count, rows, masks, without_equal)

    def _classes(self) -> tuple[bytes, int]:
        """Return the class of each byte: 1 for END_SYMBOL, 0 for bytes in no pattern."""
        used = {
            symbol
            for row in self.children
            for symbol in row
            if symbol not in (START_SYMBOL, END_SYMBOL)
        }
        number = {END_SYMBOL: 1} | {symbol: 2 + i for i, symbol in enumerate(sorted(used))}
        return bytes(number.get(byte, 0) for byte in range(256)), len(number) + 1

    def _rows(self, classes: bytes, count: int) -> list[list[int]]:
        """Fill the rows breadth first: a state's row is its fallback's, plus its children."""
        rows: list[list[int]] = [[0] * count for _ in self.children]
        fallback = [0] * len(self.children)
        queue = deque([0])
        while queue:
            state = queue.popleft()
            row = list(rows[fallback[state]]) if state else rows[0]
            for symbol, child in self.children[state].items():
                if symbol != START_SYMBOL:
                    # The root's row is still empty while its own children are visited.
                    fallback[child] = row[classes[symbol]] if state else 0
                    row[classes[symbol]] = child
                self._inherit(child, fallback[child])
                queue.append(child)
            rows[state] = row
        return rows

    def _inherit(self, state: int, fallback: int) -> None:
        self.masks[state].merge(self.masks[fallback])
