# SPDX-License-Identifier: Apache-2.0
"""docs/guide/signatures.md lists all signatures, and those that are missing."""

from __future__ import annotations

import re
from pathlib import Path

from tracee_ref.events.catalogue import all_events
from tracee_ref.signatures.shipped import SHIPPED


def table() -> str:
    """The table in docs/guide/signatures.md, which this makes and the test below compares."""
    lines = [
        "| event | id | severity | technique | origin | needs | description |",
        "|" + "---|" * 7,
    ]
    for kind in SHIPPED.values():
        of = kind.properties
        technique = f"{of['Technique']} ({of['external_id']})"
        facts = [f"`{kind.event}`", of["id"], of["Severity"], technique, kind.origin.value]
        needs = ", ".join(kind.needs)
        lines.append("| " + " | ".join(map(str, [*facts, needs, kind.description])) + " |")
    return "\n".join(lines)


def test_the_docs_list_them_all() -> None:
    """To renew it: python -c 'import test_signature_page as t; print(t.table())' in tests."""
    page = Path(__file__).parents[2].joinpath("docs/guide/signatures.md").read_text()
    assert table() in page
    missing = page.partition("## Missing")[2]
    known = {e.name for e in all_events().values()} | {"proc_fops_hooking", "syscall_hooking"}
    named = set(re.findall(r"`([a-z_]+)`", missing.partition("## Write")[0]))
    assert named == {"proc_fops_hooking", "hooked_proc_fops", "syscall_hooking", "hooked_syscalls"}
    assert named <= known
    assert not named & {kind.event for kind in SHIPPED.values()}
    assert len(SHIPPED) + 2 == 30
