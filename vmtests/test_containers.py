# SPDX-License-Identifier: Apache-2.0
"""Containers of runc and crun in guests: filters, events, and metadata (rule 11)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.model.facts import Container, Event, Process
from tracee_ref.model.match import matched_scopes
from tracee_ref.privileges import INITIAL_PID_NAMESPACE
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments

DOCKER, SYSTEMD, POD = "a1" * 32, "a2" * 32, "0123456789abcdef" * 4
BEFORE = {"runtime": "runc", "id": DOCKER, "cgroup": f"/docker/{DOCKER}"}
DURING = [
    {"runtime": "runc", "id": SYSTEMD, "cgroup": f"/system.slice/docker-{SYSTEMD}.scope"},
    {"runtime": "crun", "id": POD, "cgroup": f"/kubepods/pod1/cri-containerd-{POD}"},
]
FILES = {
    f"/var/lib/docker/containers/{DOCKER}/config.v2.json": json.dumps(
        {"Name": "/web", "Config": {"Image": "nginx:1.25"}}
    ),
    f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{POD}/config.json": json.dumps(
        {"annotations": {"io.kubernetes.cri.sandbox-name": "web-0"}}
    ),
}
FILTERS = (
    "container",
    "!container",
    "container=new",
    "container!=new",
    "container=a1",
    "container!=a1",
    f"container={POD},a2",
    f"container!={POD}",
    "container=a",
)
FLAGS = [
    flag
    for number, text in enumerate(FILTERS, 2)
    for flag in (f"{number}:event=sched_process_exec", f"{number}:{text}", f"{number}:comm=true")
] + ["1:event=sched_process_exec", "1:comm=true", "11:event=sched_process_exec", "11:comm=true",
     "11:container=new", "11:container!=a2",
     "12:event=container_create,container_remove,existing_container",
     "13:event=container_create,existing_container", "13:container",
     "15:event=init_namespaces", "15:pid=1", "16:event=init_namespaces", "16:pid!=1",
     "14:event=cgroup_attach_task", "14:comm=crun*,runc*"]  # fmt: skip
SCOPES = parse_filters(FLAGS, load_catalogue())
OPTIONS = [word for flag in FLAGS for word in ("-f", flag)] + ["-o", "json"]

CONTAINERS = {
    "first": Container(DOCKER),
    "below": Container(DOCKER),
    SYSTEMD: Container(SYSTEMD, new=True),
    POD: Container(POD, new=True),
    "outside": None,
}
"""The containers of the workload's programs, by their argument."""


def expected_mask(container: Container | None) -> int:
    process = Process(comm=b"true", container=container)
    return matched_scopes(SCOPES, Event("sched_process_exec", process))


@pytest.mark.guest_only
@pytest.mark.parametrize("version", [2, 1])
def test_containers_runc_and_crun(kernel: Kernel, version: int) -> None:
    """Masks and metadata of programs in containers, with cgroup v2 and v1."""
    request = {"version": version, "before": BEFORE, "during": DURING, "files": FILES}
    reply = kernel.ask("containers.traced", {**request, "options": OPTIONS}, seconds=600)
    traced = Traced.from_reply(reply)
    assert traced.account.balances()
    execs = [event for event in traced.events if event["eventName"] == "sched_process_exec"]
    found = {arguments(event)["argv"][1]: event for event in execs}
    assert found.keys() == CONTAINERS.keys(), traced.stderr
    for label, container in CONTAINERS.items():
        event = found[label]
        assert event["containerId"] == (container.id if container else "")
        assert (label, event["matchedScopes"]) == (label, expected_mask(container))
    assert len({event["cgroupId"] for event in execs}) == len(CONTAINERS)
    described = {label: described_by(event) for label, event in found.items()}
    nothing = ("", "", "")
    docker = ("web", "nginx:1.25", "")
    assert described == {
        "first": docker, "below": docker, SYSTEMD: nothing, POD: ("", "", "web-0"),
        "outside": nothing,
    }  # fmt: skip
    check_events_of_containers(traced)


def check_events_of_containers(traced: Traced) -> None:
    """Check container events: those of the runtime are outside, existing ones have a process."""
    created = by_container(traced, "container_create")
    runtimes = {id_: (args["runtime"], args["pod_name"]) for id_, (_, args) in created.items()}
    assert runtimes == {SYSTEMD: ("docker", ""), POD: ("containerd", "web-0")}
    # crun runs a copy of itself by its fd: up to Linux 6.13 the fd number becomes its comm.
    assert created[SYSTEMD][0]["processName"].startswith("runc")
    assert {event["containerId"] for event, _ in created.values()} == {""}
    removed = by_container(traced, "container_remove")
    assert {id_: args["runtime"] for id_, (_, args) in removed.items()} == {
        id_: runtime for id_, (runtime, _) in runtimes.items()
    }
    assert {event["matchedScopes"] for event, _ in [*created.values(), *removed.values()]} == {
        1 << 11
    }
    ((existing, args),) = by_container(traced, "existing_container").values()
    assert (existing["containerId"], existing["processName"]) == (DOCKER, "sleep")
    assert (existing["processId"], existing["parentProcessId"]) == (1, 0)
    assert existing["hostProcessId"] > 1
    assert existing["matchedScopes"] == 3 << 11
    names = [args[name] for name in ("runtime", "container_name", "container_image")]
    assert names == ["docker", "web", "nginx:1.25"]
    (first,) = [e for e in traced.events if e["eventName"] == "init_namespaces"]
    assert (first["matchedScopes"], first["hostProcessId"]) == (1 << 14, 1)
    namespaces = arguments(first)
    assert namespaces["mnt"] == first["mountNamespace"]
    assert namespaces["pid"] == namespaces["pid_for_children"] == INITIAL_PID_NAMESPACE
    assert None not in namespaces.values()
    moves = [arguments(e) for e in traced.events if e["eventName"] == "cgroup_attach_task"]
    assert any(SYSTEMD in args["cgroup_path"] for args in moves)


def by_container(traced: Traced, name: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the events with a name and their arguments, by their container id argument."""
    pairs = [(e, arguments(e)) for e in traced.events if e["eventName"] == name]
    found = {args["container_id"]: (event, args) for event, args in pairs}
    assert len(found) == len(pairs)
    return found


def described_by(event: dict[str, Any]) -> tuple[str, ...]:
    return tuple(event[name] for name in ("containerName", "containerImage", "podName"))
