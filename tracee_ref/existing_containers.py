# SPDX-License-Identifier: Apache-2.0
"""Events about what existed when tracing started, made by user space.

Scopes filter an existing_container by the facts of the container's oldest
process, init_namespaces by those of process 1, both from /proc.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .clocks import boot_time
from .containers.cgroups import container_id, own_hierarchy
from .decode.records import CONTEXT_FLAGS
from .derivation.containers import container_arguments
from .derivation.stage import arguments_of
from .events.catalogue import EXISTING_CONTAINER, INIT_NAMESPACES, all_events
from .events.event import TraceEvent
from .model.facts import Process
from .model.match import process_filters_hold
from .model.scope import Scope
from .procfs import ProcessInfo, cgroup_of, first_process, namespaces, read_process
from .strings import text_of

INIT: Final = 1
"""Process id of the host's init."""


def accepting(scopes: Sequence[Scope], name: str, process: Process) -> int:
    """Return the mask of the scopes that selected an event and accept the process."""
    return sum(s.bit for s in scopes if name in s.events and process_filters_hold(s, process))


def existing_containers(
    directories: Iterable[Path], scopes: Sequence[Scope], clock_offset: int
) -> Iterator[TraceEvent]:
    """Yield the event of each container (cgroup directory) that a scope accepts.

    ``clock_offset`` is added to boot time (ns).  Filters on fields are left to the pipeline.
    """
    for directory in directories:
        try:
            event = existing_container(directory, scopes, clock_offset)
        except FileNotFoundError:  # the container was removed
            continue
        if event.matched_scopes:
            yield event


def existing_container(directory: Path, scopes: Sequence[Scope], clock_offset: int) -> TraceEvent:
    """Return the event of a container; raises FileNotFoundError if it was removed."""
    container = container_id(directory.name) or ""
    first = first_process(directory, container)
    changed = directory.stat().st_ctime_ns - time.time_ns() + boot_time()
    values = container_arguments(container, str(directory), changed + clock_offset)
    event = event_of(EXISTING_CONTAINER, first, values, clock_offset)
    event.container_id, event.context_flags = container, CONTEXT_FLAGS[True, False]
    for field in ("container_image", "container_name", "pod_name", "pod_namespace", "pod_uid",
                  "pod_sandbox"):  # fmt: skip
        setattr(event, field, values[field])
    event.matched_scopes = accepting(scopes, event.event_name, first.process)
    return event


def init_namespaces(scopes: Sequence[Scope], clock_offset: int) -> Iterator[TraceEvent]:
    """Yield the event of process 1's namespaces, if a scope accepts it."""
    first = read_process(INIT, cgroup_of(INIT, own_hierarchy()).id, None)
    event = event_of(INIT_NAMESPACES, first, namespaces(INIT), clock_offset)
    event.matched_scopes = accepting(scopes, event.event_name, first.process)
    if event.matched_scopes:
        yield event


def event_of(
    name: str, first: ProcessInfo, values: Mapping[str, Any], clock_offset: int
) -> TraceEvent:
    """Return an event with the current time and no scopes, of a process in no container."""
    definition, process = all_events()[name], first.process
    args = arguments_of(definition, values)
    return TraceEvent(
        timestamp=boot_time() + clock_offset,
        thread_start_time=first.start_time + clock_offset,
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
        process_name=text_of(process.comm),
        host_name=text_of(process.uts),
        container_id="",
        container_image="",
        container_name="",
        pod_name="",
        pod_namespace="",
        pod_uid="",
        pod_sandbox=False,
        event_id=str(definition.id),
        event_name=name,
        matched_scopes=0,
        args_num=sum(argument.value is not None for argument in args),
        return_value=0,
        syscall="",
        stack_addresses=None,
        context_flags=CONTEXT_FLAGS[False, False],
        args=args,
    )
