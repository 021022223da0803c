# SPDX-License-Identifier: Apache-2.0
"""Tracing of containers by runc and crun in a guest, without a command."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.lab.oci import ROOT, Container, make_root, run_command

CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuset", "pids", "cpu", "devices", "freezer")
"""Controllers of cgroup v1; the tracer chooses the first.  Not memory: charged pages keep removed
cgroups alive, and with them the controller in its hierarchy."""

SETTLE_SECONDS = 30.0


@handler
def traced(
    *,
    version: int,
    before: dict[str, str],
    during: list[dict[str, str]],
    options: list[str],
    files: dict[str, str],
) -> Reply:
    """Trace one container that runs ``before`` the tracer, and others created ``during`` the run.

    The programs of interest are called ``true``; their argument names where they run: in the first
    container, in a cgroup below it, outside, or the id of a container.
    """
    make_root()
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    first, others = Container(**before), [Container(**description) for description in during]
    with cgroups(version) as top:
        first.start()
        try:
            with tracing(options) as reply:
                first.execute("/bin/true", "first")
                run_in(top / first.cgroup.lstrip("/") / "below", "below")
                for other in others:
                    other.run("/bin/true", other.id)
                run_in(top / "no-container", "outside")
        finally:
            first.remove()
    return reply


def run_in(group: Path, label: str) -> None:
    """Run a program in a new cgroup, and remove the cgroup."""
    make_group(group)
    move = f"echo $$ >{group}/cgroup.procs && exec {ROOT}/bin/true {label}"
    run_command(["/bin/sh", "-c", move])
    group.rmdir()


def make_group(group: Path) -> None:
    """Create a cgroup; one of cpuset v1 takes no process before it has CPUs and memory nodes."""
    group.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = group / name
        if file.exists() and (group.parent / "cgroup.clone_children").exists():
            file.write_text((group.parent / name).read_text())


@contextmanager
def cgroups(version: int) -> Iterator[Path]:
    """Mount cgroups of a version; yield the root of the hierarchy that the tracer reads."""
    if version == 2:
        yield CGROUPS
        return
    release_controllers()
    mount("-t", "tmpfs", "none", str(CGROUPS))
    try:
        mounted = [name for name in CONTROLLERS if mount_controller(name)]
        yield CGROUPS / mounted[0]
    finally:
        subprocess.run(["umount", "--recursive", str(CGROUPS)], check=True)


def mount_controller(name: str) -> bool:
    """Mount the hierarchy of a v1 controller; return False if the kernel has none."""
    root = CGROUPS / name
    root.mkdir()
    deadline = time.monotonic() + SETTLE_SECONDS
    while mount("-t", "cgroup", "-o", name, "none", str(root)):
        controllers = [line.split()[0] for line in Path("/proc/cgroups").read_text().splitlines()]
        if name not in controllers or time.monotonic() > deadline:
            root.rmdir()
            return False
        time.sleep(0.5)  # removed v2 cgroups still hold the controller
    return True


def release_controllers() -> None:
    """Disable the controllers that runtimes enabled in cgroup v2, so that v1 can mount them."""
    for group, _, _ in os.walk(CGROUPS, topdown=False):
        if Path(group) != CGROUPS:
            Path(group).rmdir()
    for name in (CGROUPS / "cgroup.subtree_control").read_text().split():
        with suppress(OSError):
            (CGROUPS / "cgroup.subtree_control").write_text(f"-{name}")


def mount(*words: str) -> int:
    return subprocess.run(["mount", *words], check=False).returncode
