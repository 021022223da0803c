# SPDX-License-Identifier: Apache-2.0
"""Tests of docs/guide/signatures.md: the table and the missing signatures."""

from __future__ import annotations

import re
from pathlib import Path

from tracee_ref.events.catalogue import all_events
from tracee_ref.signatures.registry import BUILTIN


def table() -> str:
    """Return the table of the page."""
    lines = [
        "| event | id | severity | technique | origin | needs | description |",
        "|" + "---|" * 7,
    ]
    for kind in BUILTIN.values():
        properties = kind.properties
        cells = [
            f"`{kind.event}`",
            properties["id"],
            properties["Severity"],
            f"{properties['Technique']} ({properties['external_id']})",
            kind.origin.value,
            ", ".join(kind.needs),
            kind.description,
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def test_page_signatures() -> None:
    """The page has the table of all built-in signatures, and names the missing ones.

    ``.venv/bin/python -m tests.signatures.test_page`` prints the table.
    """
    page = Path(__file__).parents[2].joinpath("docs/guide/signatures.md").read_text()
    assert table() in page
    missing = page.partition("## Missing")[2]
    events = {e.name for e in all_events().values()} | {"proc_fops_hooking", "syscall_hooking"}
    named = set(re.findall(r"`([a-z_]+)`", missing.partition("## Write")[0]))
    assert named == {"proc_fops_hooking", "hooked_proc_fops", "syscall_hooking", "hooked_syscalls"}
    assert named <= events
    assert not named & {kind.event for kind in BUILTIN.values()}
    assert len(BUILTIN) + 2 == 30


if __name__ == "__main__":
    print(table())
