# SPDX-License-Identifier: Apache-2.0
"""Cgroups of containers: the hierarchy that has them, their directories and ids.

A container is a cgroup with the container's id in its name, in the forms of docker, containerd,
nerdctl, CRI-O and podman, under cgroupfs and systemd (docs/guide/containers.md lists them).  The
cgroups below it belong to it.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..abi import CONTAINER_NAMES

_RUNTIMES: Final = "|".join(CONTAINER_NAMES)
NAME: Final = re.compile(
    rf"(?:(?:{_RUNTIMES})-|[^/]*:(?:{_RUNTIMES}):)?([0-9a-f]{{64}})(?:\.scope)?", re.DOTALL
)

RUNTIME_CONTROLLERS: Final = ("cpuset", "memory", "pids", "cpu", "devices", "freezer")
"""Controllers with v1 hierarchies that every runtime uses.

Others do not imply containers: VPN services mount net_cls for themselves beside cgroup v2."""

PROC: Final = Path("/proc")
CLONE_NEWCGROUP: Final = 0x02000000

INITIAL_CGROUP_NAMESPACE: Final = 0xEFFFFFFB
"""Inode number of the initial cgroup namespace (PROC_CGROUP_INIT_INO, linux/proc_ns.h)."""

ESCAPE: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A cgroup hierarchy.

    ``number`` is 0 for cgroup v2; ``controllers`` are those of a v1 hierarchy, first the one of
    RUNTIME_CONTROLLERS.
    """

    number: int
    controllers: tuple[str, ...] = ()


UNIFIED: Final = Hierarchy(0)


def container_id(name: str) -> str | None:
    """Return the container id in the name of a cgroup, None if the cgroup is not a container."""
    found = NAME.fullmatch(name)
    return found[1] if found else None


def hierarchy(cgroups: str) -> Hierarchy:
    """Return the hierarchy that has containers; ``cgroups`` is the content of /proc/PID/cgroup.

    It is the v1 hierarchy of the first of RUNTIME_CONTROLLERS that has one, else cgroup v2.
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
    """Return the hierarchy that has the containers of this host."""
    return hierarchy((PROC / "self/cgroup").read_text(errors="surrogateescape"))


def mount_point(mounts: str, wanted: Hierarchy) -> Path | None:
    """Return the mount point of a hierarchy's root, or None.

    ``mounts`` is the content of /proc/PID/mountinfo.
    """
    for line in mounts.splitlines():
        fields, _, file_system = line.partition(" - ")
        root, path = fields.split(" ")[3:5]
        kind, _, options = file_system.split(" ", 2)
        if root == "/" and _mounts(wanted, kind, options.split(",")):
            return Path(ESCAPE.sub(lambda match: chr(int(match[1], 8)), path))
    return None


def _mounts(wanted: Hierarchy, kind: str, options: Iterable[str]) -> bool:
    if not wanted.number:
        return kind == "cgroup2"
    return kind == "cgroup" and wanted.controllers[0] in options


def root_of(wanted: Hierarchy) -> Path | None:
    """Return the root directory of a hierarchy, which may be mounted for init only, or None."""
    for process in ("self", "1"):
        path = mount_point(
            (PROC / process / "mountinfo").read_text(errors="surrogateescape"), wanted
        )
        if path is not None:
            return path if process == "self" else PROC / "1/root" / path.relative_to("/")
    return None


def enter_initial_namespace() -> None:
    """Enter the initial cgroup namespace, if this is another; raises OSError.

    /proc shows paths relative to the root of the reader's namespace, so all that is outside of it
    would be missed.
    """
    if (PROC / "self/ns/cgroup").stat().st_ino == INITIAL_CGROUP_NAMESPACE:
        return
    with (PROC / "1/ns/cgroup").open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWCGROUP):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def walk(directory: Path, add: Callable[[int, str], None], parent: str | None = None) -> None:
    """Call ``add`` with the cgroup id and the container id of every cgroup in a container.

    This is done before the children of the cgroup are listed: for a child made later, the kernel
    side finds the container of its parent.  ``parent`` is the container of ``directory``.
    """
    for child in _directories(directory):
        container = container_id(child.name) or parent
        if container:
            # The id of a cgroup is the inode number of its directory (Linux v5.5,
            # 40430452fd5d ("kernfs: use 64bit inos if ino_t is 64bit")).
            add(child.inode(), container)
        walk(Path(child.path), add, container)


def containers_below(directory: Path) -> Iterator[Path]:
    """Yield the directory of the cgroup of every container."""
    for path, names, _ in os.walk(directory):
        yield from (Path(path, name) for name in names if container_id(name))


def _directories(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # removed meanwhile
        return []
