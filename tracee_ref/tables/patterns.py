# SPDX-License-Identifier: Apache-2.0
"""The table of names where ``*`` is used: an automaton that meets all patterns in one reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from model.scope import Key, Op, Pattern, Scope

from .masks import Verdict, conditions_of, unasked

START: Final = 256
"""The symbol in front of every text; a pattern without a leading ``*`` begins with it."""

END: Final = 0
"""The NUL behind every text; a pattern without a trailing ``*`` ends with it."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """Aho-Corasick over all patterns.  Row 0 is where reading begins.

    ``rows[state][classes[byte]]`` is the next state, ``met[state]`` what the patterns that
    end there say, ``unasked`` the scopes without an ``=`` text.
    """

    classes: bytes
    class_count: int
    rows: Sequence[Sequence[int]]
    met: Sequence[Verdict]
    unasked: int


def has_patterns(scopes: Sequence[Scope], key: Key) -> bool:
    """Whether any scope uses ``*`` with this key."""
    return any(not pattern.exact for _, _, pattern in _patterns(scopes, key))


def automaton(scopes: Sequence[Scope], key: Key) -> Automaton:
    """Return the automaton of a key (rule 8)."""
    trie = _Trie()
    for bit, op, pattern in _patterns(scopes, key):
        trie.add(pattern).join(op, bit)
    return trie.automaton(unasked(scopes, key))


def _patterns(scopes: Sequence[Scope], key: Key) -> list[tuple[int, Op, Pattern]]:
    of_key = conditions_of(scopes, key)
    return [(bit, c.op, c.value) for bit, c in of_key if isinstance(c.value, Pattern)]


@dataclass(slots=True)
class _Trie:
    """States and their children; state 0 is the root, state 1 where START leads."""

    children: list[dict[int, int]] = field(default_factory=lambda: [{START: 1}, {}])
    met: list[Verdict] = field(default_factory=lambda: [Verdict(), Verdict()])

    def add(self, pattern: Pattern) -> Verdict:
        state = 0 if pattern.open_start else 1
        for symbol in pattern.text + (b"" if pattern.open_end else bytes([END])):
            following = self.children[state].get(symbol)
            if following is None:
                following = self.children[state][symbol] = len(self.children)
                self.children.append({})
                self.met.append(Verdict())
            state = following
        return self.met[state]

    def automaton(self, unasked_mask: int) -> Automaton:
        classes, count = self._classes()
        rows = self._rows(classes, count)
        # Reading begins at state 1; swap the first two so that it has number 0.
        swapped = [1, 0, *range(2, len(rows))]
        rows = [[swapped[state] for state in row] for row in rows]
        rows[0], rows[1] = rows[1], rows[0]
        met = [self.met[1], self.met[0], *self.met[2:]]
        return Automaton(classes, count, rows, met, unasked_mask)

    def _classes(self) -> tuple[bytes, int]:
        """Give each byte that patterns use a number from 1 (END); 0 is any other byte."""
        used = {symbol for of in self.children for symbol in of if symbol not in (START, END)}
        number = {END: 1} | {symbol: 2 + i for i, symbol in enumerate(sorted(used))}
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
                if symbol != START:
                    # The root's row is still empty while its own children are met.
                    fallback[child] = row[classes[symbol]] if state else 0
                    row[classes[symbol]] = child
                self._inherit(child, fallback[child])
                queue.append(child)
            rows[state] = row
        return rows

    def _inherit(self, state: int, fallback: int) -> None:
        self.met[state].meet(self.met[fallback])
