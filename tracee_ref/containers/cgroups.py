# SPDX-License-Identifier: Apache-2.0
"""Cgroups and the containers that they are: the hierarchy to look at, its directories, ids.

A container is a cgroup whose name holds the container's id, as docker, containerd, CRI-O and
podman name theirs, under cgroupfs and under systemd.  Cgroups below it belong to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = re.compile(r"(?:docker-|cri-containerd-|crio-|libpod-)?([0-9a-f]{64})(?:\.scope)?")

RUNTIME_CONTROLLERS: Final = ("cpuset", "memory", "pids", "cpu", "devices", "freezer")
"""Controllers whose v1 hierarchies every runtime uses.  Others say nothing of containers: VPN
services mount net_cls for themselves beside a cgroup v2."""

PROC: Final = Path("/proc")
ESCAPE: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The hierarchy that tells of containers.

    ``number`` is 0 for cgroup v2, ``controllers`` are those of a v1 hierarchy, the one that
    we asked for first.
    """

    number: int
    controllers: tuple[str, ...] = ()


UNIFIED: Final = Hierarchy(0)


def container_id(name: str) -> str | None:
    """Return the container that the name of a cgroup stands for, None for any other cgroup."""
    found = NAME.fullmatch(name)
    return found[1] if found else None


def hierarchy(cgroups: str) -> Hierarchy:
    """Return the hierarchy to look at; ``cgroups`` is the text of a /proc/PID/cgroup.

    It is the v1 one with cpuset, or with another controller that runtimes use, if there is
    one, else v2.
    """
    versions: dict[str, Hierarchy] = {}
    for line in cgroups.splitlines():
        number, names, _ = line.split(":", 2)
        controllers = tuple(names.split(","))
        for name in controllers:
            others = (other for other in controllers if other != name)
            versions[name] = Hierarchy(int(number), (name, *others))
    found = (versions[name] for name in RUNTIME_CONTROLLERS if name in versions)
    return next(found, UNIFIED)


def own_hierarchy() -> Hierarchy:
    """Return the hierarchy to look at on this machine."""
    return hierarchy((PROC / "self/cgroup").read_text())


def mount_point(mounts: str, wanted: Hierarchy) -> Path | None:
    """Return where a hierarchy is mounted from its root; ``mounts`` is a /proc/PID/mountinfo."""
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")
        root, place = before.split(" ")[3:5]
        kind, _, options = behind.split(" ", 2)
        if root == "/" and _is(wanted, kind, options.split(",")):
            return Path(ESCAPE.sub(lambda match: chr(int(match[1], 8)), place))
    return None


def _is(wanted: Hierarchy, kind: str, options: Iterable[str]) -> bool:
    if not wanted.number:
        return kind == "cgroup2"
    return kind == "cgroup" and wanted.controllers[0] in options


def root_of(wanted: Hierarchy) -> Path | None:
    """Return the top directory of a hierarchy, also where only the host's init sees it."""
    for process in ("self", "1"):
        place = mount_point((PROC / process / "mountinfo").read_text(), wanted)
        if place is not None:
            return place if process == "self" else PROC / "1/root" / place.relative_to("/")
    return None


def walk(directory: Path, learn: Callable[[int, str], None], inside: str | None = None) -> None:
    """Hand the id of every cgroup in a container, with that container's, to a function.

    A cgroup is handed over before its children are listed: one that is made below it after
    that is known to the kernel side, which knows the parent by then.
    """
    for child in _directories(directory):
        container = container_id(child.name) or inside
        if container:
            # The id of a cgroup is the inode number of its directory (Linux 5.5, 40430452fd5d).
            learn(child.inode(), container)
        walk(Path(child.path), learn, container)


def containers_below(directory: Path) -> Iterator[Path]:
    """Give the directory of every container's own cgroup."""
    for place, names, _ in os.walk(directory):
        yield from (Path(place, name) for name in names if container_id(name))


def _directories(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # gone meanwhile
        return []
