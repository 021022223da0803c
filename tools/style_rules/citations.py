# SPDX-License-Identifier: Apache-2.0
"""Rule 6: cited rules exist, and documents are cited by the names of their pages.

A section is cited with the name of its page before the number, as in semantics.md, section 2.3;
"Tracee v0.12 facts, 4.2" stands for a section of docs/design/tracee-v0.12-facts.md.
A module or package whose docstring says "Sections are those of semantics.md" may leave it out.
That a named page is in the repository is checked by ``tools/links.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from style_rules.source import Message, Prose, Source

SEMANTICS: Final = "semantics.md"
NUMBERED: Final = re.compile(r"^(\d+)\. ", re.MULTILINE)
RULES: Final = re.compile(r"\brules?\s+(\d+(?:(?:\s*[,-]\s*|,?\s+(?:and|or|to)\s+)\d+)*)", re.I)
NUMBER: Final = re.compile(r"\d+")

SECTION: Final = re.compile(r"(?<![\w.])sections?\s+((\d+)(?:\.\d+)*)", re.I)
NAMED: Final = re.compile(r"(?:\.md[\w#.)`\]-]*|RFC\s\d+),?\s*\Z")
DECLARED: Final = re.compile(r"\bSections\s[^.]*[\w-]\.md\b")
VAGUE: Final = re.compile(
    r"\bthe\s+document\b|(?<!v0\.12\s)\bfacts,?\s+(?:section\s+)?\d+(?:\.\d+)*"
    r"|\bthe\s+facts\s+(?:about\s+(?:it|v0|upstream|Tracee)|say|tell|sheet)|\btable\s+of\s+facts\b",
    re.I,
)


def check(sources: Collection[Source]) -> Iterator[Message]:
    """Yield the violations of rule 6."""
    highest = highest_rule(sources)
    by_name = {source.name: source for source in sources}
    for source in sources:
        declared = declares_sections(source, by_name)
        for prose in source.prose:
            yield from rule_numbers(source, prose, highest)
            yield from unnamed_documents(source, prose, declared=declared)


def highest_rule(sources: Iterable[Source]) -> int:
    """Return the highest number of a rule on the semantics page; 0 without the page."""
    pages = (source for source in sources if Path(source.name).name == SEMANTICS)
    return max((int(number) for page in pages for number in NUMBERED.findall(page.text)), default=0)


def rule_numbers(source: Source, prose: Prose, highest: int) -> Iterator[Message]:
    """Yield cited rules that do not exist."""
    for found in RULES.finditer(prose.text):
        for number in map(int, NUMBER.findall(found[1])):
            if not 1 <= number <= highest:
                line = prose.line_of(found.start())
                yield Message(source.name, line, 6, f"{SEMANTICS} has no rule {number}")


def declares_sections(source: Source, by_name: Mapping[str, Source]) -> bool:
    """Return whether the docstring of a module or its package names the page of its sections."""
    package = by_name.get(str(Path(source.name).with_name("__init__.py")))
    holders = [item for item in (source, package) if item and source.suffix == ".py"]
    return any(DECLARED.search(prose.text) for item in holders for prose in item.prose[:1])


def unnamed_documents(source: Source, prose: Prose, *, declared: bool) -> Iterator[Message]:
    """Yield phrases and numbers of sections that stand for a document without naming it."""
    phrases = list(VAGUE.finditer(prose.text))
    sections = [
        found
        for found in SECTION.finditer(prose.text)
        if not (declared or is_named(source, prose, found))
        and not any(phrase.start() <= found.start() < phrase.end() for phrase in phrases)
    ]
    for found in phrases + sections:
        text = f'"{" ".join(found[0].split())}" does not name the page'
        yield Message(source.name, prose.line_of(found.start()), 6, text)


def is_named(source: Source, prose: Prose, section: re.Match[str]) -> bool:
    """Return whether a page is named just before a section, or the page itself has the section."""
    own = source.suffix == ".md" and re.search(rf"(?m)^#+ {section[2]}\b", source.text)
    return bool(own or NAMED.search(prose.text[: section.start()]))
