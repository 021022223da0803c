"""What is found out on a kernel just before a live run is started there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from tracee_ref.containers.cgroups import own_hierarchy, root_of

Facts: TypeAlias = dict[str, int | str | list[int]]
"""By name; drawn scopes refer to the numbers and texts."""

PROC = Path("/proc")
CGROUP2 = Path(tempfile.gettempdir()) / "tracee-ref-cgroup2"
"""Where the unified hierarchy is mounted if it is nowhere yet."""

PROBE = ("unshare", "--mount", "--pid", "--fork", "stat", "-Lc", "%i")
PROBED = ("/proc/self/ns/mnt", "/proc/self/ns/pid")


def launch_facts(directory: str) -> Facts:
    """Namespaces, host name and ids here.

    ``new_mntns`` and ``new_pidns`` are inode numbers that namespaces just had: the kernel
    takes the lowest that is free, so those of a plan often have them again.  ``host`` is ours
    where that of process 1 is not told.
    """
    probed = subprocess.run([*PROBE, *PROBED], capture_output=True, text=True, check=True)
    mntns, host = inode_of("self", "mnt"), host_mntns()
    new_mntns, new_pidns = map(int, probed.stdout.split())
    return {
        "directory": directory,
        "mntns": mntns,
        "host": host if host is not None else mntns,
        "host_is_told": host is not None,
        "pidns": inode_of("self", "pid"),
        "new_mntns": new_mntns,
        "new_pidns": new_pidns,
        "uts": os.uname().nodename,
        "agent": os.getpid(),
        "ancestors": ancestors(os.getpid()),
        "last_pid": int((PROC / "loadavg").read_text().split()[-1]),
    }


def host_mntns() -> int | None:
    """That of process 1; None on a machine that lets nobody look at it."""
    try:
        return inode_of("1", "mnt")
    except PermissionError:
        return None


def inode_of(process: str, kind: str) -> int:
    """The inode number of a process's namespace."""
    return (PROC / process / "ns" / kind).stat().st_ino


def ancestors(pid: int) -> list[int]:
    """A process and those it descends from, as far as /proc tells."""
    found = []
    while pid:
        found.append(pid)
        behind_comm = (PROC / str(pid) / "stat").read_text().rpartition(")")[2]
        pid = int(behind_comm.split()[1])
    return found


@contextmanager
def own_cgroup(name: str) -> Iterator[Path]:
    """A new cgroup of the hierarchy that tells of containers, removed at the end."""
    place = mounted_hierarchy() / name
    place.mkdir()
    try:
        # Nobody can be in one of cpuset v1 without processors; v2 needs none, and its top has none.
        if (place / "cgroup.clone_children").exists() and (place / "cpuset.cpus").exists():
            for setting in ("cpuset.cpus", "cpuset.mems"):
                (place / setting).write_text((place.parent / setting).read_text())
            (place / "cgroup.clone_children").write_text("1")
        yield place
    finally:
        for child in [*place.glob("*/"), place]:
            child.rmdir()


def mounted_hierarchy() -> Path:
    """Where that hierarchy is; cgroup2 is mounted if there is none."""
    if place := root_of(own_hierarchy()):
        return place
    CGROUP2.mkdir(exist_ok=True)
    if CGROUP2.is_mount():
        return CGROUP2
    subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUP2)], check=True)
    return CGROUP2
