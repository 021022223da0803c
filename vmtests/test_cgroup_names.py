# SPDX-License-Identifier: Apache-2.0
"""Containers on this machine, which are cgroups with names of containers.

Only a child of COMMAND is moved, into cgroups that the test creates for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracee_ref.abi import CONTAINER_NAMES
from tracee_ref.containers.cgroups import container_id, own_hierarchy, root_of
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.model.facts import Container, Event, Process
from tracee_ref.model.match import matched_scopes
from vmtests.handlers.containers import make_group
from vmtests.lab.features import skip_on_host
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, python, run, trace

ID = "0123456789abcdef" * 4
GETPPID = "/usr/bin/python3 -I -S -c 'import os; os.getppid()'"
OTHER = "f0" * 32
SLICE = "kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice"
PREFIXES = (
    "", *(f"{name}-" for name in CONTAINER_NAMES),
    *(f"{slice_}:{name}:" for name in CONTAINER_NAMES for slice_ in ("", "system.slice", SLICE)),
)  # fmt: skip

NO_SUFFIXES = (".scop", ".slice", ".scope0", "0")

NAMES = [
    *(f"{prefix}{ID}{suffix}" for prefix in PREFIXES for suffix in ("", ".scope")),
    *(f"{prefix}{ID}{suffix}" for prefix in ("", "crio-") for suffix in NO_SUFFIXES),
    *(f"{prefix}{ID}" for prefix in ("crio-conmon-", "libpod-conmon-", "docker_", "ocker-", "-")),
    *(f"docker-{ID[:i]}{bad}{ID[i + 1:]}" for i in (0, 1, 31, 63) for bad in ":`gGA"),
    *(f"{prefix}{ID}" for prefix in (
        "xcrio-", "a:b-", ":", "::", "crio:", "x:crio", "x:conmon:", "x:docker:crio-",
        "libpod_pod_", "docker-crio-", "docker-docker-", "machine-libpod_pod_",
        "y" * 191, "y" * 190 + ":")),
    f"{'z' * 183}:docker:{ID}", f"{'z' * 177}:docker:{ID}.scope", f"{'z' * 184}:crio:{ID}",
    "docker-", f"docker-{ID[1:]}", f"cri-containerd{ID}", "x" * 200, ".scope", f"{ID[:58]}.scope",
    OTHER,
]  # fmt: skip
"""The BPF program must find the same id as container_id() in each of them."""

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
    if created := not group.exists():
        make(group)
    run(group, name)
    make(group / "below")
    run(group / "below", name + "-below")
    (group / "below").rmdir()
    if created:
        group.rmdir()

top = Path(TOP)
for index, name in enumerate(NAMES):
    visit(top / name, f"c{index}")
"""

BUSY = """
import os, sys, signal, time
from pathlib import Path
Path(GROUP, "cgroup.procs").write_text(str(os.getpid()))
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
with open(sys.argv[1] + "/journal", "a", buffering=1) as journal:
    while running:
        start_time = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        child = os.fork()
        if child == 0:
            os.execv("/bin/true", ["true"])
        os.waitpid(child, 0)
        print(child, start_time, file=journal)
"""
"""Executes a program again and again in the cgroup of a container."""


@pytest.fixture
def group(kernel: Kernel) -> Iterator[Path]:
    """Create a cgroup in the hierarchy that the tracer reads; skip if it may not be created."""
    root = root_of(own_hierarchy())
    if root is None:
        skip_on_host(kernel, "no hierarchy of cgroups is mounted on this machine")
    path = root / f"tracee-ref-test-{os.getpid()}"
    try:
        make_group(path)
    except OSError as error:
        skip_on_host(kernel, f"no cgroup can be created on this machine: {error}")
    yield path
    for below, _, _ in os.walk(path, topdown=False):
        Path(below).rmdir()


def traced(kernel: Kernel, group: Path, flags: list[str], names: list[str]) -> Traced:
    source = f"TOP, NAMES = {str(group)!r}, {json.dumps(names)}{WORKLOAD}"
    options = " ".join(f"-f {flag}" for flag in flags)
    return trace(kernel, f"{options} -o json", python(source))


@pytest.mark.host_only
def test_cgroup_names_kernel_and_user_space(kernel: Kernel, group: Path) -> None:
    """BPF program and user space find the same container id in a cgroup name."""
    events = traced(kernel, group, ["event=getppid"], NAMES).events
    found = {event["processName"]: event["containerId"] for event in events}
    expected = {f"c{index}": container_id(name) or "" for index, name in enumerate(NAMES)}
    assert found == expected | {f"{comm}-below": id_ for comm, id_ in expected.items()}


@pytest.mark.host_only
def test_container_masks_old_and_new(kernel: Kernel, group: Path) -> None:
    """The masks of existing, new and no containers are those of the model."""
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
        f"c{index}{below}": matched_scopes(scopes, Event("getppid", Process(container=kind)))
        for index, kind in enumerate(kinds)
        for below in ("", "-below")
    }
    assert masks == expected


@pytest.mark.host_only
def test_cgroup_id_is_inode(kernel: Kernel, group: Path) -> None:
    """The cgroup id of an event is the inode number of the directory that the test created."""
    make_group(group / OTHER)
    expected = (group / OTHER).stat().st_ino
    events = traced(kernel, group, ["event=getppid"], [OTHER]).events
    assert [event["cgroupId"] for event in events if event["processName"] == "c0"] == [expected]


@pytest.mark.host_only
def test_table_container_columns(kernel: Kernel, group: Path) -> None:
    """The table has columns for containers if a scope filters by container."""
    source = f"TOP, NAMES = {str(group)!r}, {[OTHER]}{WORKLOAD}"
    for flag, visible in (("container", True), ("!container", False)):
        lines = trace(kernel, f"-f event=getppid -f {flag}", python(source)).lines
        assert ("CONTAINER_ID" in lines[0]) is visible
        assert ("PID/host" in lines[0]) is visible
        assert all((OTHER[:12] in line) is visible for line in lines[1:])
        assert len(lines) == (3 if visible else 1)


@pytest.mark.host_only
def test_container_of_busy_processes(kernel: Kernel, group: Path) -> None:
    """A container is found although its processes run hooks while its map entry is written."""
    make_group(group / OTHER)
    source = f"GROUP = {str(group / OTHER)!r}{BUSY}"
    flags = ["event=sched_process_exit", "tree={root}", f"container={OTHER}"]
    argv = ["-o", "json", *(word for flag in flags for word in ("-f", flag))]
    reply = kernel.ask("startup.forking", {"source": source, "argv": argv}, seconds=300)
    result = Traced.from_reply(reply)
    started = {int(pid): int(time) for pid, time in (line.split() for line in reply["journal"])}
    after = {pid for pid, time in started.items() if time > reply["tracing_since"]}
    assert len(after) > 20, "the program executed too little"
    assert after <= {event["hostProcessId"] for event in result.events}
    assert {event["containerId"] for event in result.events} == {OTHER}


OTHER_NAMESPACE = """
mkdir -p {group}/{id}/inner; echo $$ > {group}/{id}/inner/cgroup.procs
unshare -C {tracer} -f event=getppid -o json -- {python}
status=$?; echo $$ > {root}/cgroup.procs; rmdir {group}/{id}/inner {group}/{id} {group}
exit $status
"""


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_cgroup_namespace(kernel: Kernel) -> None:
    """In another cgroup namespace, containers are found as in the initial one."""
    root = "/sys/fs/cgroup"
    script = OTHER_NAMESPACE.format(
        group=f"{root}/tracee-ref-test", id=ID, tracer=TRACEE_REF, root=root, python=GETPPID
    )
    result = run(
        kernel, ["sh", "-c", f"mountpoint -q {root} || mount -t cgroup2 x {root}; {script}"]
    )
    assert result.status == 0, result.stderr
    assert [event["containerId"] for event in result.events] == [ID]


@pytest.mark.host_only
def test_cgroup_namespace_refused(kernel: Kernel) -> None:
    """Without the right to enter the initial cgroup namespace, the run is refused by name."""
    drop = ["unshare", "-C", "setpriv", "--bounding-set=-sys_admin,-sys_ptrace"]
    result = run(kernel, [*drop, TRACEE_REF, "-f", "event=getppid", "-o", "json", "--", "true"])
    assert result.status == 1
    assert "this is not the initial cgroup namespace" in result.stderr
