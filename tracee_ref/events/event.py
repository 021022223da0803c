# SPDX-License-Identifier: Apache-2.0
"""A traced event as the outputs see it: the facts, the mask and the arguments, decoded."""

from __future__ import annotations

from typing import Any

import msgspec


class Argument(msgspec.Struct, omit_defaults=True):
    """One argument.  ``value`` is None where the call passed none (a NULL pointer).

    ``unreadable`` is set where a value was there but could not be read (rule 18); only then
    is it part of the JSON output.
    """

    name: str
    type: str
    value: Any
    unreadable: bool = False


class ContextFlags(msgspec.Struct, rename="camel"):
    """State bits of the context."""

    container_started: bool = False
    is_compat: bool = False


class Metadata(msgspec.Struct, rename="pascal"):
    """What a signature says of itself with every finding (facts, section 4.3)."""

    version: str
    description: str
    tags: list[str]
    properties: dict[str, Any]


class TraceEvent(msgspec.Struct, rename="camel"):
    """An event, its fields in the order of the JSON output (facts, section 4.3).

    Times are nanoseconds since the epoch, or since tracing began with relative-time.
    ``host_*`` ids are those of the initial pid namespace, the others of the task's own.  Only
    findings of signatures have ``metadata``.
    """

    timestamp: int
    thread_start_time: int
    processor_id: int
    process_id: int
    cgroup_id: int
    thread_id: int
    parent_process_id: int
    host_process_id: int
    host_thread_id: int
    host_parent_process_id: int
    user_id: int
    mount_namespace: int
    pid_namespace: int
    process_name: str
    host_name: str
    container_id: str
    container_image: str
    container_name: str
    pod_name: str
    pod_namespace: str
    pod_uid: str = msgspec.field(name="podUID")
    pod_sandbox: bool
    event_id: str
    event_name: str
    matched_scopes: int
    args_num: int
    return_value: int
    syscall: str
    stack_addresses: list[int] | None
    context_flags: ContextFlags
    args: list[Argument]
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET
