"""existing_container: the containers that were there when tracing began, told by user space.

Such an event carries the facts of the container's first process as /proc tells them, and a scope
judges it by these as any other event.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from os import fsdecode
from pathlib import Path

from model.match import process_holds
from model.scope import Scope

from .catalogue import EXISTING_CONTAINER, all_events
from .containers.cgroups import container_id
from .derivation.containers import described
from .derivation.stage import arguments_of
from .event import TraceEvent
from .kernel.first_process import First, first_process
from .records import FLAGS


def existing_containers(
    places: Iterable[Path], scopes: Sequence[Scope], epoch: int
) -> Iterator[TraceEvent]:
    """Give an event for each container that some scope accepts, by its cgroup's directory.

    ``epoch`` is added to boot time (ns).  Masks leave filters on fields to the pipeline.
    """
    choosing = [scope for scope in scopes if EXISTING_CONTAINER in scope.events]
    for place in places:
        container = container_id(place.name)
        if container is None:
            continue
        try:
            first = first_process(place, container)
            event = event_of(first, place, container, epoch)
        except OSError:  # the container is gone meanwhile
            continue
        accepted = (scope.bit for scope in choosing if process_holds(scope, first.process))
        event.matched_scopes = sum(accepted)
        if event.matched_scopes:
            yield event


def event_of(first: First, place: Path, container: str, epoch: int) -> TraceEvent:
    """Return the event, with no scope yet."""
    definition, process = all_events()[EXISTING_CONTAINER], first.process
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    made = place.stat().st_ctime_ns - time.time_ns() + boot
    values = described(container, str(place), made + epoch)
    args = arguments_of(definition, values)
    return TraceEvent(
        timestamp=boot + epoch,
        thread_start_time=first.start + epoch,
        processor_id=0,
        process_id=first.inner[0],
        cgroup_id=first.cgroup,
        thread_id=first.inner[0],
        parent_process_id=first.inner[1],
        host_process_id=process.pid,
        host_thread_id=process.tid,
        host_parent_process_id=first.ppid,
        user_id=process.uid,
        mount_namespace=process.mntns,
        pid_namespace=process.pidns,
        process_name=fsdecode(process.comm),
        host_name=fsdecode(process.uts),
        container_id=container,
        container_image=values["container_image"],
        container_name=values["container_name"],
        pod_name=values["pod_name"],
        pod_namespace=values["pod_namespace"],
        pod_uid=values["pod_uid"],
        pod_sandbox=values["pod_sandbox"],
        event_id=str(definition.id),
        event_name=definition.name,
        matched_scopes=0,
        args_num=len(args),
        return_value=0,
        syscall="",
        stack_addresses=None,
        context_flags=FLAGS[True, False],
        args=args,
    )
