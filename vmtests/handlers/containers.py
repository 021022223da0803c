"""The tracer beside real containers, on a guest: no command, and all processes watched."""

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
"""Of version 1, the one that the tracer is to choose first.  Not memory: what was charged keeps
cgroups that are gone alive, and the controller where it is."""

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
    """What the tracer says of containers: one that runs ``before`` it, some made ``during``.

    Every program of interest is called ``true``, and says in its argument where it ran: in the
    first container, in a cgroup below it, in none, or in the container of that runtime and id.
    """
    make_root()
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    first, others = Container(**before), [Container(**one) for one in during]
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
    """Run a program in a cgroup made for it, below one that is there."""
    make_group(group)
    move = f"echo $$ >{group}/cgroup.procs && exec {ROOT}/bin/true {label}"
    run_command(["/bin/sh", "-c", move])
    group.rmdir()


def make_group(group: Path) -> None:
    """Make a cgroup; nobody can be in one of cpuset v1 before it has processors and memory."""
    group.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = group / name
        if file.exists() and (group.parent / "cgroup.clone_children").exists():
            file.write_text((group.parent / name).read_text())


@contextmanager
def cgroups(version: int) -> Iterator[Path]:
    """Mount cgroups of a version in place of those of the guest; give the top that tells."""
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
    """Mount a hierarchy of version 1; False where the kernel has none for the controller."""
    place = CGROUPS / name
    place.mkdir()
    deadline = time.monotonic() + SETTLE_SECONDS
    while mount("-t", "cgroup", "-o", name, "none", str(place)):
        known = [line.split()[0] for line in Path("/proc/cgroups").read_text().splitlines()]
        if name not in known or time.monotonic() > deadline:
            place.rmdir()
            return False
        time.sleep(0.5)  # cgroups of version 2 that are gone still let go of it
    return True


def release_controllers() -> None:
    """Have version 2 let go of what runtimes switched on, so that version 1 can take it."""
    for group, _, _ in os.walk(CGROUPS, topdown=False):
        if Path(group) != CGROUPS:
            Path(group).rmdir()
    for name in (CGROUPS / "cgroup.subtree_control").read_text().split():
        with suppress(OSError):
            (CGROUPS / "cgroup.subtree_control").write_text(f"-{name}")


def mount(*words: str) -> int:
    return subprocess.run(["mount", *words], check=False).returncode
