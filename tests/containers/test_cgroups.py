# SPDX-License-Identifier: Apache-2.0
"""Tests of the cgroups of containers, and of the hierarchy that has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.abi import CONTAINER_NAMES
from tracee_ref.containers.cgroups import (
    UNIFIED,
    Hierarchy,
    container_id,
    hierarchy,
    mount_point,
    walk,
)

ID = "0123456789abcdef" * 4
OTHER = "f" * 64
PREFIXES = ("", *(f"{name}-" for name in CONTAINER_NAMES),
            *(f"a.slice:{name}:" for name in CONTAINER_NAMES))  # fmt: skip

OF_SLICE = re.compile(rf".*:({'|'.join(CONTAINER_NAMES)}):", re.DOTALL)
"""A slice of any name, which may have the id, too."""

ids = st.text("0123456789abcdef", min_size=64, max_size=64)
pieces = st.sampled_from(
    [*PREFIXES, "crio-conmon-", "libpod-conmon-", ".scope", ".slice", ID, ID[1:], ID.upper(), "-"]
) | st.text(max_size=3)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("suffix", ["", ".scope"])
def test_container_id_of_every_runtime(prefix: str, suffix: str) -> None:
    """The id is found in the cgroup names of every runtime."""
    assert container_id(prefix + ID + suffix) == ID


@pytest.mark.parametrize(
    "name",
    [
        "", ID[1:], ID + "0", ID.upper(), f"docker-{ID}.slice", f"docker-{ID}.scope.scope",
        f"crio-conmon-{ID}.scope", f"libpod-conmon-{ID}", f"Docker-{ID}", f"docker_{ID}",
        f"{ID}\n", "docker-", "system.slice", f"kubepods-pod{ID}.slice", f"docker-docker-{ID}",
    ],
)  # fmt: skip
def test_container_id_of_other_cgroup(name: str) -> None:
    """A cgroup of another form is not a container."""
    assert container_id(name) is None


@given(st.lists(pieces, max_size=4).map("".join))
def test_container_id_is_in_name(name: str) -> None:
    """An id is in the name as a whole, with only a known prefix and suffix."""
    found = container_id(name)
    if found is None:
        assert not re.fullmatch("[0-9a-f]{64}", name)
    else:
        prefix, suffix = name[: name.rindex(found)], name[name.rindex(found) + len(found) :]
        assert re.fullmatch("[0-9a-f]{64}", found)
        assert prefix in PREFIXES or OF_SLICE.fullmatch(prefix)
        assert suffix in ("", ".scope")


@given(st.sampled_from(PREFIXES), ids, st.sampled_from(["", ".scope"]))
def test_container_id_any_id(prefix: str, container: str, suffix: str) -> None:
    """Every id is found."""
    assert container_id(prefix + container + suffix) == container


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0::/user.slice\n", UNIFIED),
        ("", UNIFIED),
        ("8:pids:/\n3:cpuset:/a:b\n0::/\n", Hierarchy(3, ("cpuset",))),
        ("5:cpu,cpuset:/\n0::/\n", Hierarchy(5, ("cpuset", "cpu"))),
        ("4:memory:/\n1:name=systemd:/\n0::/\n", Hierarchy(4, ("memory",))),
        ("1:net_cls:/\n0::/\n", UNIFIED),
        ("1:name=systemd:/\n0::/\n", UNIFIED),
    ],
)
def test_hierarchy(text: str, expected: Hierarchy) -> None:
    """A v1 hierarchy of a controller that runtimes use precedes cgroup v2."""
    assert hierarchy(text) == expected


MOUNTS = r"""24 1 8:1 / / rw - ext4 /dev/sda1 rw
30 24 0:26 /docker/x /own rw - cgroup2 cgroup2 rw
31 24 0:26 / /sys/fs/cgroup/uni\040fied rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
32 24 0:27 / /sys/fs/cgroup/cpu,cpuset rw - cgroup cgroup rw,cpu,cpuset
33 24 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
"""


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (UNIFIED, Path("/sys/fs/cgroup/uni fied")),
        (Hierarchy(3, ("cpuset", "cpu")), Path("/sys/fs/cgroup/cpu,cpuset")),
        (Hierarchy(4, ("memory",)), None),
    ],
)
def test_mount_point(wanted: Hierarchy, path: Path | None) -> None:
    """The mount point is that of the root of the hierarchy."""
    assert mount_point(MOUNTS, wanted) == path


def test_walk(tmp_path: Path) -> None:
    """Cgroups of containers and all below them are found."""
    containers = {
        f"docker/{ID}": ID,
        f"docker/{ID}/init": ID,
        f"docker/{ID}/init/deeper": ID,
        f"docker/{ID}/docker/{OTHER}": OTHER,
        f"docker/{ID}/docker": ID,
        f"machine.slice/libpod-{OTHER}.scope": OTHER,
    }
    for name in (*containers, "system.slice/a.service", f"machine.slice/libpod-conmon-{ID}.scope"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / ID).write_text("a file, not a cgroup")
    found: list[tuple[int, str]] = []
    walk(tmp_path, lambda number, container: found.append((number, container)))
    expected = {(tmp_path / name).stat().st_ino: c for name, c in containers.items()}
    assert dict(found) == expected
    assert len(found) == len(expected)


def test_walk_adds_before_listing_children(tmp_path: Path) -> None:
    """A child made in that moment is found: the kernel side has no container for its parent."""
    (tmp_path / ID).mkdir()
    found: list[str] = []

    def add(_: int, container: str) -> None:
        found.append(container)
        (tmp_path / ID / "made" / "meanwhile").mkdir(parents=True, exist_ok=True)

    walk(tmp_path, add)
    assert found == [ID] * 3


def test_walk_missing_directory(tmp_path: Path) -> None:
    """A missing directory has no containers."""
    walk(tmp_path / "missing", lambda *_: pytest.fail("found something"))
