# SPDX-License-Identifier: Apache-2.0
"""Counts of the private words, for people: only the meaning decides."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from style_rules.source import Source

WORDS: Final = {
    "place": (r"places?", "index, offset, slot, path, cgroup directory"),
    "told": (r"told|tells?|says?|telling|saying", "reported, logged"),
    "shown": (r"shown?|shows", "printed, visible, selected"),
    "made": (r"made|makes?", "derived"),
    "known": (r"known", "resolved, cached"),
    "behind": (r"behind", "after"),
    "met": (r"met|meets?", "hooked, matched"),
    "asked": (r"asked|asks?", "queried, filtered"),
    "judged": (r"judged?|judges|judging", "matched, match"),
    "taken in": (r"tak(?:en?|es) in", "dependency"),
    "gone": (r"gone", "exited, removed"),
    "began": (r"began|fresh|is_new", "start_time, started_after_trace"),
    "whose": (r"whose|of whom", "owner"),
    "lacking": (r"lacking|lacks?", "missing_feature"),
    "lives": (r"lives", "process_state"),
    "texts": (r"texts", "strings; comms"),
    "put right": (r"put right", "fixed"),
    "upstream": (r"upstream(?:'s)?", "Tracee v0.12"),
    "the document": (r"the document", "its name, with a link"),
    "pays": (r"pays", "tracing overhead"),
}
"""Word -> its forms, as a regular expression, and what to write where that is meant."""

VARIABLES: Final = frozenset({"one", "some", "that", "those"})
FORMS: Final = {
    word: re.compile(rf"(?<![a-z])(?:{forms.replace(' ', chr(92) + 's+')})(?![a-z])", re.I)
    for word, (forms, _) in WORDS.items()
}


def counts(source: Source) -> Counter[str]:
    """Return how often the prose and the identifiers of a file have each word."""
    texts = [prose.text for prose in source.prose]
    found: Counter[str] = Counter()
    if source.suffix == ".py":
        names = list(identifiers(source.tree))
        found.update(f"variable {name}" for name in names if name in VARIABLES)
        texts.append("\n".join(name.replace("_", " ") for name in names))
    for word, forms in FORMS.items():
        found[word] += len(forms.findall("\n".join(texts)))
    return +found


def identifiers(tree: ast.Module) -> Iterator[str]:
    """Yield each name that a file defines, once for each definition."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def report(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a line for each file with such words, the most first, and a line of sums."""
    found = {source.name: counts(source) for source in sources}
    total: Counter[str] = Counter()
    for name, words in sorted(found.items(), key=lambda item: (-item[1].total(), item[0])):
        total += words
        if words:
            yield f"{name}: {words.total()} ({listed(words)})"
    yield f"all: {total.total()} ({listed(total)})"


def listed(words: Counter[str]) -> str:
    """Return words with their counts, the most frequent first."""
    return ", ".join(f"{word} {count}" for word, count in words.most_common())
