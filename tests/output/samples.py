# SPDX-License-Identifier: Apache-2.0
"""Sample events for tests: a process exit, and a packet of a container."""

from __future__ import annotations

import msgspec

from tracee_ref.events.event import Argument, ContextFlags, TraceEvent

BASE = TraceEvent(
    timestamp=1668888897_074270_123,  # 20:14:57 UTC
    thread_start_time=0,
    processor_id=0,
    process_id=471990,
    cgroup_id=0,
    thread_id=471990,
    parent_process_id=470503,
    host_process_id=471990,
    host_thread_id=471990,
    host_parent_process_id=470503,
    user_id=1000,
    mount_namespace=4026531841,
    pid_namespace=4026531836,
    process_name="id",
    host_name="hb",
    container_id="",
    container_image="",
    container_name="",
    pod_name="",
    pod_namespace="",
    pod_uid="",
    pod_sandbox=False,
    event_id="714",
    event_name="sched_process_exit",
    matched_scopes=4,
    args_num=2,
    return_value=0,
    syscall="exit_group",
    stack_addresses=None,
    context_flags=ContextFlags(),
    args=[Argument("exit_code", "long", 0), Argument("process_group_exit", "bool", True)],
)


class Icmp(msgspec.Struct):
    type_code: str
    checksum: int
    id: int
    seq: int


CONTAINER = msgspec.structs.replace(
    BASE,
    timestamp=1668895614_878971_000,  # 22:06:54 UTC
    matched_scopes=0x14,
    host_name="e9cf0db70635",
    container_id="e9cf0db70635" + "0" * 52,
    container_image="docker.io/library/alpine:3.17",
    mount_namespace=4026532904,
    pid_namespace=4026532908,
    user_id=0,
    process_name="ping",
    process_id=8,
    thread_id=8,
    parent_process_id=1,
    host_process_id=902559,
    host_thread_id=902559,
    host_parent_process_id=899413,
    event_name="net_packet_icmp",
    args=[
        Argument("src", "const char*", "192.168.0.109"),
        Argument("dst", "const char*", "8.8.8.8"),
        Argument("proto_icmp", "trace.ProtoICMP", Icmp("EchoRequest", 38257, 8, 0)),
    ],
)


def exit_with(**changes: object) -> TraceEvent:
    """Return BASE with some fields changed."""
    return msgspec.structs.replace(BASE, **changes)
