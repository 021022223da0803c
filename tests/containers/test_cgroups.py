# SPDX-License-Identifier: Apache-2.0
"""Which cgroups are containers, and in which hierarchy they are looked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
PREFIXES = ("", "docker-", "cri-containerd-", "crio-", "libpod-")

ids = st.text("0123456789abcdef", min_size=64, max_size=64)
pieces = st.sampled_from(
    [*PREFIXES, "crio-conmon-", "libpod-conmon-", ".scope", ".slice", ID, ID[1:], ID.upper(), "-"]
) | st.text(max_size=3)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("suffix", ["", ".scope"])
def test_names_of_every_runtime(prefix: str, suffix: str) -> None:
    assert container_id(prefix + ID + suffix) == ID


@pytest.mark.parametrize(
    "name",
    [
        "", ID[1:], ID + "0", ID.upper(), f"docker-{ID}.slice", f"docker-{ID}.scope.scope",
        f"crio-conmon-{ID}.scope", f"libpod-conmon-{ID}", f"Docker-{ID}", f"docker_{ID}",
        f"{ID}\n", "docker-", "system.slice", f"kubepods-pod{ID}.slice", f"docker-docker-{ID}",
    ],
)  # fmt: skip
def test_names_of_no_container(name: str) -> None:
    assert container_id(name) is None


@given(st.lists(pieces, max_size=4).map("".join))
def test_an_id_is_never_wrong(name: str) -> None:
    """What is said to be an id stands there whole, with nothing unknown around it."""
    found = container_id(name)
    if found is None:
        assert not re.fullmatch("[0-9a-f]{64}", name)
    else:
        before, behind = name.split(found, 1)
        assert re.fullmatch("[0-9a-f]{64}", found)
        assert before in PREFIXES
        assert behind in ("", ".scope")


@given(st.sampled_from(PREFIXES), ids, st.sampled_from(["", ".scope"]))
def test_an_id_is_never_missed(prefix: str, container: str, suffix: str) -> None:
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
def test_the_hierarchy(text: str, expected: Hierarchy) -> None:
    assert hierarchy(text) == expected


MOUNTS = r"""24 1 8:1 / / rw - ext4 /dev/sda1 rw
30 24 0:26 /docker/x /own rw - cgroup2 cgroup2 rw
31 24 0:26 / /sys/fs/cgroup/uni\040fied rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
32 24 0:27 / /sys/fs/cgroup/cpu,cpuset rw - cgroup cgroup rw,cpu,cpuset
33 24 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
"""


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        (UNIFIED, Path("/sys/fs/cgroup/uni fied")),
        (Hierarchy(3, ("cpuset", "cpu")), Path("/sys/fs/cgroup/cpu,cpuset")),
        (Hierarchy(4, ("memory",)), None),
    ],
)
def test_the_place_of_a_hierarchy(wanted: Hierarchy, place: Path | None) -> None:
    assert mount_point(MOUNTS, wanted) == place


def test_the_walk_finds_containers_and_what_is_below(tmp_path: Path) -> None:
    inside = {
        f"docker/{ID}": ID,
        f"docker/{ID}/init": ID,
        f"docker/{ID}/init/deeper": ID,
        f"docker/{ID}/docker/{OTHER}": OTHER,
        f"docker/{ID}/docker": ID,
        f"machine.slice/libpod-{OTHER}.scope": OTHER,
    }
    for name in (*inside, "system.slice/a.service", f"machine.slice/libpod-conmon-{ID}.scope"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / ID).write_text("a file, not a cgroup")
    found: list[tuple[int, str]] = []
    walk(tmp_path, lambda number, container: found.append((number, container)))
    expected = {(tmp_path / name).stat().st_ino: c for name, c in inside.items()}
    assert dict(found) == expected
    assert len(found) == len(expected)


def test_the_walk_hands_a_cgroup_over_before_it_lists_its_children(tmp_path: Path) -> None:
    """A child made in that moment is seen: the kernel side could not know its parent."""
    (tmp_path / ID).mkdir()
    found: list[str] = []

    def learn(_: int, container: str) -> None:
        found.append(container)
        (tmp_path / ID / "made" / "meanwhile").mkdir(parents=True, exist_ok=True)

    walk(tmp_path, learn)
    assert found == [ID] * 3


def test_a_place_that_is_not_there_has_no_containers(tmp_path: Path) -> None:
    walk(tmp_path / "gone", lambda *_: pytest.fail("found something"))
