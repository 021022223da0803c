"""container_create and container_remove, of the making and removing of cgroups.

They carry the facts of who made or removed the cgroup, mostly the runtime, which is in no
container itself (rule 15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ..containers.cgroups import container_id, own_hierarchy
from ..containers.runtimes import Runtimes

if TYPE_CHECKING:  # this page is read with the catalogue, which defines our events
    from ..events.event import TraceEvent


def created(base: TraceEvent, args: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the arguments of container_create where a cgroup_mkdir makes a container.

    ``ctime`` is the time of the event: then the cgroup was made.
    """
    if container := container_at(args):
        yield described(container, args["cgroup_path"], base.timestamp)


def removed(_base: TraceEvent, args: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the arguments of container_remove where a cgroup_rmdir removes a container."""
    if container := container_at(args):
        runtime = runtimes().runtime(container, args["cgroup_path"])
        yield {"runtime": runtime, "container_id": container}


def container_at(args: Mapping[str, Any]) -> str | None:
    """Return the container that a cgroup event is about.

    None for any other cgroup, also for one of another v1 hierarchy: a runtime makes one in each.
    """
    path = args["cgroup_path"]
    if path is None or args["hierarchy_id"] != own_hierarchy_number():
        return None
    return container_id(path.rpartition("/")[2])


def described(container: str, path: str, ctime: int) -> dict[str, Any]:
    """Return what container_create and existing_container tell; ``path`` is of the cgroup."""
    known = runtimes().describe(container)
    return {
        "runtime": runtimes().runtime(container, path),
        "container_id": container,
        "ctime": ctime,
        "container_image": known.image,
        "container_name": known.name,
        "pod_name": known.pod_name,
        "pod_namespace": known.pod_namespace,
        "pod_uid": known.pod_uid,
        "pod_sandbox": known.pod_sandbox,
    }


@cache
def runtimes() -> Runtimes:
    """Return the runtimes of this machine."""
    return Runtimes()


@cache
def own_hierarchy_number() -> int:
    """Return the number of the hierarchy that tells of containers."""
    return own_hierarchy().number
