# SPDX-License-Identifier: Apache-2.0
"""Rule 11: subjects of commits, and their Fixes lines."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from style_rules.source import Message

BASE: Final = "dd25af058bdcbf81cef0f9bb78763521c2197dfb"
"""Last commit before the rules applied."""
SUBJECT_CHARACTERS: Final = 72
SUBJECT: Final = re.compile(r"[a-z0-9][\w./-]*(?:, [a-z0-9][\w./-]*)*: (\w+)")
PAST_OR_PROGRESSIVE: Final = re.compile(r"\w{2,}(?<!e)(?:ed|ing)")
IMPERATIVE: Final = frozenset({"bring", "embed", "shed"})
FIXES: Final = re.compile(r"Fixes: [0-9a-f]{7,40} \(\".+\"\)")


def git(root: Path, *arguments: str) -> str | None:
    """Return the output of a git command; None if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return None if done.returncode else done.stdout


def check(root: Path) -> tuple[list[Message], str | None]:
    """Return the violations since BASE, and a remark if BASE is not in the history."""
    remark, commits = None, f"{BASE}..HEAD"
    if git(root, "merge-base", "--is-ancestor", BASE, "HEAD") is None:
        remark = f"commit {BASE[:7]} is not in this history: all commits that are there are checked"
        commits = "HEAD"
    log = git(root, "log", "-z", "--format=%h%n%B", commits) or ""
    messages: list[Message] = []
    for entry in filter(None, log.split("\0")):
        commit, _, text = entry.partition("\n")
        messages += commit_message(f"commit {commit}", text)
    return messages, remark


def commit_message(name: str, text: str) -> Iterator[Message]:
    """Yield what is wrong with the message of a commit."""
    lines = text.splitlines() or [""]
    subject = lines[0]
    if len(subject) > SUBJECT_CHARACTERS:
        yield Message(name, 1, 11, f"the subject has {len(subject)} characters: {subject}")
    verb = SUBJECT.match(subject)
    if not verb:
        yield Message(name, 1, 11, f"the subject is not `area: imperative`: {subject}")
    elif PAST_OR_PROGRESSIVE.fullmatch(verb[1]) and verb[1].lower() not in IMPERATIVE:
        yield Message(name, 1, 11, f"{verb[1]} is no imperative: {subject}")
    if subject.endswith("."):
        yield Message(name, 1, 11, f"the subject ends with a full stop: {subject}")
    if len(lines) > 1 and lines[1]:
        yield Message(name, 2, 11, "the subject is not followed by a blank line")
    for number, line in enumerate(lines, 1):
        if line.startswith("Fixes:") and not FIXES.fullmatch(line.rstrip()):
            yield Message(name, number, 11, f'not `Fixes: COMMIT ("SUBJECT")`: {line}')
