# SPDX-License-Identifier: Apache-2.0
"""Events of cgroups and containers on this machine."""

from __future__ import annotations

from os import fsdecode
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.containers.cgroups import own_hierarchy
from vmtests.lab.features import skip_on_host
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, arguments, python, run, trace
from vmtests.test_cgroup_names import ID, OTHER, WORKLOAD, group

pytestmark = pytest.mark.host_only

__all__ = ["group"]

FLAGS = (
    "-f 1:event=cgroup_mkdir,cgroup_rmdir,cgroup_attach_task "
    "-f 2:event=container_create,container_remove "
    "-f 3:event=container_create,cgroup_rmdir -f 3:comm=nobody "
    "-f 4:event=container_create,cgroup_mkdir -f 4:cgroup_mkdir.args.cgroup_path=/nowhere "
    "-f 4:container_create.args.runtime=docker "
    "-f 5:event=cgroup_mkdir,container_remove -f 5:cgroup_mkdir.args.cgroup_path=*-below "
    f"-f 5:container_remove.args.container_id={OTHER} "
    "-f 6:event=container_create -f 6:container -o json"
)
EXISTING = (
    ("event=existing_container,container_create",),
    ("event=existing_container", "comm=older", "uid=1234", "uts=inside-of-a-co*", "container"),
    ("event=existing_container", "comm=younger"),
    ("event=existing_container", "!container"),
    ("event=existing_container", "pid=new"),
    ("event=existing_container", "existing_container.args.runtime=unknown"),
    ("event=existing_container", "container=new"),
    ("event=existing_container", f"binary={Path('/usr/bin/python3').resolve()}"),
    ("event=existing_container", "follow", "tree!=1"),
)


def labels(events: list[dict[str, Any]], name: str) -> list[tuple[str, int]]:
    """Return (last path component or container id, mask) of each event with a name."""
    keys = ("cgroup_path", "container_id")
    found = [(arguments(e), e["matchedScopes"]) for e in events if e["eventName"] == name]
    return [
        (next(Path(args[key]).name for key in keys if key in args), mask) for args, mask in found
    ]


def test_cgroup_events_masks(kernel: Kernel, group: Path) -> None:
    """A base and its derived events have masks and filters of their own (rules 15 and 16)."""
    names = [f"docker-{ID}.scope", OTHER, "none"]
    source = f"TOP, NAMES = {str(group)!r}, {names}{WORKLOAD}"
    traced = trace(kernel, FLAGS, python(source))
    events = traced.events
    assert labels(events, "cgroup_mkdir") == [(n, 1) for name in names for n in (name, "below")]
    assert labels(events, "cgroup_rmdir") == [(n, 1) for name in names for n in ("below", name)]
    assert labels(events, "container_create") == [(ID, 0b1010), (OTHER, 0b10)]
    assert labels(events, "container_remove") == [(ID, 0b10), (OTHER, 0b10010)]
    moved = [arguments(e) for e in events if e["eventName"] == "cgroup_attach_task"]
    assert [Path(args["cgroup_path"]).name for args in moved] == [
        n for name in names for n in (name, "below")
    ]
    assert all(
        args["pid"] == e["hostProcessId"]
        for args, e in zip(
            moved, (e for e in events if e["eventName"] == "cgroup_attach_task"), strict=True
        )
    )
    assert {args["comm"] for args in moved} == {"python3"}
    assert traced.account.balances()


def test_cgroup_events_arguments(kernel: Kernel, group: Path) -> None:
    """The arguments of cgroup and container events name the directory and the container."""
    flags = "-f event=cgroup_mkdir,cgroup_rmdir,container_create -o json"
    source = f"TOP, NAMES = {str(group)!r}, {[OTHER]}{WORKLOAD}print(os.stat(TOP).st_ino)"
    traced = trace(kernel, flags, python(source))
    created = [arguments(e) for e in traced.events if e["eventName"] == "cgroup_mkdir"]
    removed = [arguments(e) for e in traced.events if e["eventName"] == "cgroup_rmdir"]
    assert removed == created[::-1]
    assert [args["hierarchy_id"] for args in created] == 2 * [own_hierarchy().number]
    assert [args["cgroup_path"].removeprefix(created[0]["cgroup_path"]) for args in created] == [
        "", "/below",
    ]  # fmt: skip
    assert len({args["cgroup_id"] for args in created}) == 2
    (event,) = [e for e in traced.events if e["eventName"] == "container_create"]
    assert event["syscall"] == "mkdir"
    assert event["containerId"] == ""
    assert arguments(event) == {
        "runtime": "unknown",
        "container_id": OTHER,
        "ctime": event["timestamp"],
        "container_image": "",
        "container_name": "",
        "pod_name": "",
        "pod_namespace": "",
        "pod_uid": "",
        "pod_sandbox": False,
    }


@pytest.mark.usefixtures("group")
def test_existing_container_masks(kernel: Kernel) -> None:
    """existing_container matches scopes by the facts of the first process (rule 3)."""
    flags = [
        f"{number}:{flag}"
        for number, scope in enumerate(EXISTING, 1)
        for flag in (*scope, f"container={ID},{OTHER}")
        if not (scope in (EXISTING[3], EXISTING[6]) and ID in flag)
    ]
    options = [word for flag in flags for word in ("-f", flag)]
    request = {"first": f"docker-{ID}", "second": OTHER, "options": [*options, "-o", "json"]}
    reply = kernel.ask("existing.traced", request, seconds=60)
    traced = Traced.from_reply(reply)
    first, second = sorted(traced.events, key=lambda event: event["containerId"])
    assert "derived events: 2 = delivered 2 + filtered 0" in traced.stderr
    assert {
        name: first[name]
        for name in ("hostProcessId", "hostParentProcessId", "cgroupId", "processName", "userId",
                     "hostName", "containerId", "returnValue", "syscall")
    } == {
        "hostProcessId": reply["pid"],
        "hostParentProcessId": reply["ppid"],
        "cgroupId": reply["number"],
        "processName": "older",
        "userId": 1234,
        "hostName": "inside-of-a-con",
        "containerId": ID,
        "returnValue": 0,
        "syscall": "",
    }  # fmt: skip
    assert first["processId"] == first["threadId"] == reply["pid"]
    assert first["mountNamespace"] == Path("/proc/self/ns/mnt").stat().st_ino
    assert arguments(first)["runtime"] == "docker"
    assert 0 < arguments(first)["ctime"] <= first["timestamp"]
    assert first["matchedScopes"] == 0b010000011
    assert (second["containerId"], second["cgroupId"]) == (OTHER, reply["empty"])
    assert (second["hostProcessId"], second["processName"]) == (0, "")
    assert second["matchedScopes"] == 0b100100001


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("output", ["json", "table"])
def test_existing_container_host_name_bytes(kernel: Kernel, output: str) -> None:
    """A host name that is not UTF-8 is filtered by its bytes, and printed as in other events."""
    host_name = fsdecode(b"h\xff\xfe")
    flags = ["-f", "event=existing_container", "-f", f"container={ID}", "-f", f"uts={host_name}"]
    request = {"first": f"docker-{ID}", "second": OTHER, "host_name": host_name}
    reply = kernel.ask(
        "existing.traced", {**request, "options": [*flags, "-o", output]}, seconds=60
    )
    traced = Traced.from_reply(reply)
    assert traced.status == 0, traced.stderr
    if output == "json":
        assert [event["hostName"] for event in traced.events] == ["h\ufffdff\ufffdfe"]
    else:
        assert sum("existing_container" in line for line in traced.lines) == 1


def test_init_namespaces_unreadable(kernel: Kernel) -> None:
    """init_namespaces is an error if the namespaces of process 1 may not be read."""
    try:
        Path("/proc/1/ns/uts").stat()
    except PermissionError:
        pass
    else:
        reason = "the namespaces of process 1 can be read on this machine: see test_containers.py"
        skip_on_host(kernel, reason)
    traced = run(kernel, [TRACEE_REF, "-f", "event=init_namespaces"])
    assert traced.status == 1
    assert traced.stderr.splitlines()[1:] == [
        "tracee-ref: init_namespaces: /proc/1/ns/uts cannot be read (Permission denied); "
        "grant CAP_SYS_PTRACE, or do not select the event"
    ]
