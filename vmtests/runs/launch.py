# SPDX-License-Identifier: Apache-2.0
"""Facts of a kernel that are read just before a live run starts."""

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
"""By name; the conditions of drawn scopes refer to them."""

PROC = Path("/proc")
CGROUP2 = Path(tempfile.gettempdir()) / "tracee-ref-cgroup2"
"""Mount point of the unified hierarchy if it is not mounted yet."""

PROBE = ("unshare", "--mount", "--pid", "--fork", "stat", "-Lc", "%i")
PROBED = ("/proc/self/ns/mnt", "/proc/self/ns/pid")


def launch_facts(directory: str) -> Facts:
    """Return namespaces, host name and process ids.

    ``new_mntns`` and ``new_pidns`` are inode numbers of namespaces that just ended: the kernel
    takes the lowest free number, so the namespaces of a plan often get them again.  ``host`` is the
    namespace of this process where that of process 1 cannot be read.
    """
    probed = subprocess.run([*PROBE, *PROBED], capture_output=True, text=True, check=True)
    mntns, host = inode_of("self", "mnt"), host_mntns()
    new_mntns, new_pidns = map(int, probed.stdout.split())
    return {
        "directory": directory,
        "mntns": mntns,
        "host": host if host is not None else mntns,
        "host_readable": host is not None,
        "pidns": inode_of("self", "pid"),
        "new_mntns": new_mntns,
        "new_pidns": new_pidns,
        "uts": os.uname().nodename,
        "agent": os.getpid(),
        "ancestors": ancestors(os.getpid()),
        "last_pid": int((PROC / "loadavg").read_text().split()[-1]),
    }


def host_mntns() -> int | None:
    """Return the mount namespace of process 1; None if it may not be read."""
    try:
        return inode_of("1", "mnt")
    except PermissionError:
        return None


def inode_of(process: str, kind: str) -> int:
    """Return the inode number of a namespace of a process."""
    return (PROC / process / "ns" / kind).stat().st_ino


def ancestors(pid: int) -> list[int]:
    """Return a process id and those of its ancestors that /proc has."""
    found = []
    while pid:
        found.append(pid)
        after_comm = (PROC / str(pid) / "stat").read_text().rpartition(")")[2]
        pid = int(after_comm.split()[1])
    return found


@contextmanager
def own_cgroup(name: str) -> Iterator[Path]:
    """Create a cgroup in the hierarchy that the tracer reads; remove it at the end."""
    cgroup = mounted_hierarchy() / name
    cgroup.mkdir()
    try:
        # A cgroup of cpuset v1 takes no process before it has CPUs; v2's root has no such files.
        if (cgroup / "cgroup.clone_children").exists() and (cgroup / "cpuset.cpus").exists():
            for setting in ("cpuset.cpus", "cpuset.mems"):
                (cgroup / setting).write_text((cgroup.parent / setting).read_text())
            (cgroup / "cgroup.clone_children").write_text("1")
        yield cgroup
    finally:
        for child in [*cgroup.glob("*/"), cgroup]:
            child.rmdir()


def mounted_hierarchy() -> Path:
    """Return the root of that hierarchy; mount cgroup2 if there is none."""
    if root := root_of(own_hierarchy()):
        return root
    CGROUP2.mkdir(exist_ok=True)
    if CGROUP2.is_mount():
        return CGROUP2
    subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUP2)], check=True)
    return CGROUP2
