# SPDX-License-Identifier: Apache-2.0
"""Tests of tables in the guides that repeat what the code has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracee_ref.abi import CONTAINER_NAMES
from tracee_ref.containers.cgroups import container_id
from tracee_ref.kernel.capabilities import REQUIREMENTS

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
CONTAINERS = GUIDE / "containers.md"
PRIVILEGES = GUIDE / "privileges.md"

ID = "0123456789abcdef" * 4
OTHER = "f" * 64


def documented() -> list[tuple[str, str]]:
    """Return the cgroup path and the container of each row of the table in the documentation."""
    rows = [line.split(" | ") for line in CONTAINERS.read_text(encoding="utf-8").splitlines()]
    return [(row[1].strip("`"), row[2].strip("` |")) for row in rows if row[1:] and "`/" in row[1]]


@pytest.mark.parametrize(("path", "container"), documented())
def test_container_id_as_documented(path: str, container: str) -> None:
    """The table has the forms of all runtimes."""
    ids = {"OTHER": OTHER, "ID": ID, "none": None}
    names = path.replace("OTHER", OTHER).replace("ID", ID).split("/")
    assert (
        next((id_ for name in reversed(names) if (id_ := container_id(name))), None)
        == ids[container]
    )


def test_documented_forms() -> None:
    """No form of a name is missing in the table."""
    paths = " ".join(path for path, _ in documented())
    assert all(f"/{name}-ID" in paths or f":{name}:ID" in paths for name in CONTAINER_NAMES)


def test_privileges_page_has_all() -> None:
    """The table in the documentation has every requirement."""
    lines = PRIVILEGES.read_text(encoding="utf-8").splitlines()
    for feature, capabilities, reason in REQUIREMENTS:
        names = ", ".join(capability.name for capability in capabilities)
        assert any(line.startswith(f"| {feature} | {names} | {reason}") for line in lines), feature
