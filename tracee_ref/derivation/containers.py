# SPDX-License-Identifier: Apache-2.0
"""Derivation of container_create and container_remove from cgroup events.

They carry the facts of the process that made or removed the cgroup, usually the runtime, which is
not in a container itself (rule 15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ..containers.cgroups import container_id, own_hierarchy
from ..containers.runtimes import Runtimes

if TYPE_CHECKING:  # the catalogue imports this module, and events the catalogue
    from ..events.event import TraceEvent


def derive_create(base: TraceEvent, args: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the arguments of container_create for a cgroup_mkdir of a container.

    ``ctime`` is the time of the event, which is when the cgroup was made.
    """
    if container := container_at(args):
        yield container_arguments(container, args["cgroup_path"], base.timestamp)


def derive_remove(_base: TraceEvent, args: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the arguments of container_remove for a cgroup_rmdir of a container."""
    if container := container_at(args):
        runtime = runtimes().runtime(container, args["cgroup_path"])
        yield {"runtime": runtime, "container_id": container}


def container_at(args: Mapping[str, Any]) -> str | None:
    """Return the id of the container that a cgroup event is about.

    None for other cgroups, and for those of other v1 hierarchies: a runtime makes one in each.
    """
    path = args["cgroup_path"]
    if path is None or args["hierarchy_id"] != own_hierarchy_number():
        return None
    return container_id(path.rpartition("/")[2])


def container_arguments(container: str, path: str, ctime: int) -> dict[str, Any]:
    """Return the arguments of container_create and existing_container; ``path`` is the cgroup's."""
    details = runtimes().describe(container)
    return {
        "runtime": runtimes().runtime(container, path),
        "container_id": container,
        "ctime": ctime,
        "container_image": details.image,
        "container_name": details.name,
        "pod_name": details.pod_name,
        "pod_namespace": details.pod_namespace,
        "pod_uid": details.pod_uid,
        "pod_sandbox": details.pod_sandbox,
    }


@cache
def runtimes() -> Runtimes:
    """Return the container runtimes of this host."""
    return Runtimes()


@cache
def own_hierarchy_number() -> int:
    """Return the number of the hierarchy that names containers."""
    return own_hierarchy().number
