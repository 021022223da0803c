# SPDX-License-Identifier: Apache-2.0
"""Cgroups on this machine: to the tracer a container is no more than a cgroup of a certain name.

Only a child of COMMAND is moved, into cgroups made for it below one of our own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.facts import Container, Event, Process
from model.match import matched_scopes
from tracee_ref.containers.cgroups import container_id, own_hierarchy, root_of
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from vmtests.handlers.containers import make_group
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, python, trace

ID = "0123456789abcdef" * 4
OTHER = "f0" * 32
PREFIXES = ("", "docker-", "cri-containerd-", "crio-", "libpod-")

NO_SUFFIXES = (".scop", ".slice", ".scope0", "0")

NAMES = [
    *(f"{prefix}{ID}{suffix}" for prefix in PREFIXES for suffix in ("", ".scope")),
    *(f"{prefix}{ID}{suffix}" for prefix in ("", "crio-") for suffix in NO_SUFFIXES),
    *(f"{prefix}{ID}" for prefix in ("crio-conmon-", "libpod-conmon-", "docker_", "ocker-", "-")),
    *(f"docker-{ID[:place]}{bad}{ID[place + 1:]}" for place in (0, 1, 31, 63) for bad in ":`gGA"),
    "docker-", f"docker-{ID[1:]}", f"cri-containerd{ID}", "x" * 200, OTHER,
]  # fmt: skip
"""For each the kernel side must say what container_id() says."""

WORKLOAD = """
import os, sys, json
from pathlib import Path

def make(group):
    group.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists() and (group / "cgroup.clone_children").exists():
            (group / name).write_text((group.parent / name).read_text())

def run(group, name):
    child = os.fork()
    if child == 0:
        (group / "cgroup.procs").write_text(str(os.getpid()))
        Path("/proc/self/comm").write_text(name)
        os.getppid()
        os._exit(0)
    os.waitpid(child, 0)

def visit(group, name):
    if made := not group.exists():
        make(group)
    run(group, name)
    make(group / "below")
    run(group / "below", name + "-below")
    (group / "below").rmdir()
    if made:
        group.rmdir()

top = Path(TOP)
for place, name in enumerate(NAMES):
    visit(top / name, f"c{place}")
"""

BUSY = """
import os, sys, signal, time
from pathlib import Path
Path(GROUP, "cgroup.procs").write_text(str(os.getpid()))
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
with open(sys.argv[1] + "/journal", "a", buffering=1) as journal:
    while going:
        began = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        child = os.fork()
        if child == 0:
            os.execv("/bin/true", ["true"])
        os.waitpid(child, 0)
        print(child, began, file=journal)
"""
"""Executes a program over and over in a container's cgroup."""


@pytest.fixture
def group() -> Iterator[Path]:
    """A cgroup of our own in the hierarchy that tells of containers."""
    root = root_of(own_hierarchy())
    place = (root or Path("/nowhere")) / f"tracee-ref-test-{os.getpid()}"
    try:
        make_group(place)
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield place
    for below, _, _ in os.walk(place, topdown=False):
        Path(below).rmdir()


def traced(kernel: Kernel, group: Path, flags: list[str], names: list[str]) -> Traced:
    source = f"TOP, NAMES = {str(group)!r}, {json.dumps(names)}{WORKLOAD}"
    options = " ".join(f"-f {flag}" for flag in flags)
    return trace(kernel, f"{options} -o json", python(source))


@pytest.mark.host_only
def test_cgroup_names_kernel_and_user_space(kernel: Kernel, group: Path) -> None:
    events = traced(kernel, group, ["event=getppid"], NAMES).events
    found = {event["processName"]: event["containerId"] for event in events}
    expected = {f"c{place}": container_id(name) or "" for place, name in enumerate(NAMES)}
    assert found == expected | {f"{comm}-below": id_ for comm, id_ in expected.items()}


@pytest.mark.host_only
def test_container_masks_old_and_new(kernel: Kernel, group: Path) -> None:
    filters = (
        "container", "!container", "container=new", "container!=new", "container=012",
        "container!=012", f"container={ID},f", f"container!={ID}", "container=abc",
    )  # fmt: skip
    flags = [f"{n}:{text}" for n, text in enumerate(filters, 1)]
    flags += [f"{n}:event=getppid" for n in range(1, len(filters) + 1)]
    make_group(group / f"docker-{ID}.scope")
    names = [f"docker-{ID}.scope", OTHER, "none"]
    kinds = [Container(ID), Container(OTHER, new=True), None]
    scopes = parse_filters(flags, load_catalogue())
    events = traced(kernel, group, flags, names).events
    masks = {event["processName"]: event["matchedScopes"] for event in events}
    expected = {
        f"c{place}{below}": matched_scopes(scopes, Event("getppid", Process(container=kind)))
        for place, kind in enumerate(kinds)
        for below in ("", "-below")
    }
    assert masks == expected


@pytest.mark.host_only
def test_cgroup_id_is_inode(kernel: Kernel, group: Path) -> None:
    """And not only what the kernel says of itself: it is the id of what we made."""
    make_group(group / OTHER)
    expected = (group / OTHER).stat().st_ino
    events = traced(kernel, group, ["event=getppid"], [OTHER]).events
    assert [event["cgroupId"] for event in events if event["processName"] == "c0"] == [expected]


@pytest.mark.host_only
def test_table_container_columns(kernel: Kernel, group: Path) -> None:
    source = f"TOP, NAMES = {str(group)!r}, {[OTHER]}{WORKLOAD}"
    for flag, shown in (("container", True), ("!container", False)):
        lines = trace(kernel, f"-f event=getppid -f {flag}", python(source)).lines
        assert ("CONTAINER_ID" in lines[0]) is shown
        assert ("PID/host" in lines[0]) is shown
        assert all((OTHER[:12] in line) is shown for line in lines[1:])
        assert len(lines) == (3 if shown else 1)


@pytest.mark.host_only
def test_container_of_busy_processes(kernel: Kernel, group: Path) -> None:
    """Its processes meet programs of ours while these are still being told of containers."""
    make_group(group / OTHER)
    source = f"GROUP = {str(group / OTHER)!r}{BUSY}"
    flags = ["event=sched_process_exit", "tree={root}", f"container={OTHER}"]
    argv = ["-o", "json", *(word for flag in flags for word in ("-f", flag))]
    reply = kernel.ask("startup.forking", {"source": source, "argv": argv}, seconds=300)
    result = Traced.from_reply(reply)
    noted = {int(pid): int(time) for pid, time in (line.split() for line in reply["journal"])}
    after = {pid for pid, time in noted.items() if time > reply["tracing_since"]}
    assert len(after) > 20, "the program executed too little"
    assert after <= {event["hostProcessId"] for event in result.events}
    assert {event["containerId"] for event in result.events} == {OTHER}
