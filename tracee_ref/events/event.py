# SPDX-License-Identifier: Apache-2.0
"""Decoded event: facts of the process, mask of scopes, and arguments.

The JSON output is that of docs/design/tracee-v0.12-facts.md, 4.3.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Argument(msgspec.Struct, omit_defaults=True):
    """An argument; ``value`` is None for a NULL pointer.

    ``unreadable`` is set where there was a value that could not be read (rule 18), and is
    printed in JSON only then.
    """

    name: str
    type: str
    value: Any
    unreadable: bool = False


class ContextFlags(msgspec.Struct, rename="camel"):
    """Flags of the context of an event."""

    container_started: bool = False
    is_compat: bool = False


class Metadata(msgspec.Struct, rename="pascal"):
    """Description of a signature in its findings."""

    version: str
    description: str
    tags: list[str]
    properties: dict[str, Any]


class TraceEvent(msgspec.Struct, rename="camel"):
    """An event, its fields in the order of the JSON output.

    ``args`` are those that a syscall was given.  Only where memory changed during the syscall
    there are ``args_changed``, the names of such arguments, and ``args_at_return``, these arguments
    as they were at the return (rule 19).

    Times are nanoseconds since the epoch, or since tracing began with relative-time.
    ``host_*`` ids are those of the initial pid namespace, the others those of the task's
    namespace.  Only findings of signatures have ``metadata``.
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
    args_changed: list[str] | msgspec.UnsetType = msgspec.UNSET
    args_at_return: list[Argument] | msgspec.UnsetType = msgspec.UNSET
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET
