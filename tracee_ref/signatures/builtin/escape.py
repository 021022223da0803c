# SPDX-License-Identifier: Apache-2.0
"""Signatures of escapes from a container to the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Origin, Signature, Values, signature_properties
from .helpers import OPENED, ReplacedFile, WrittenFile, opened_to_write

DOCKER_SOCKET: Final = "docker.sock"
RUNTIME: Final = "runc:["
"""Prefix of the comm of runc in a container that it is setting up."""


class DockerAbuse(Signature):
    """TRC-1019: a container uses docker's socket."""

    event = "docker_abuse"
    needs = (OPENED, "security_socket_connect")
    origin = Origin.CONTAINER
    description = "A container reached for the socket by which docker is ruled."
    properties = signature_properties(
        "TRC-1019", 2, "privilege-escalation", "Exploitation for Privilege Escalation", "T1068"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return an open for writing, or a connect."""
        if event.event_name == OPENED:
            path = args["pathname"] if opened_to_write(args) else None
        else:
            path = (args["remote_addr"] or {}).get("sun_path")
        return (args,) if path and path.endswith(DOCKER_SOCKET) else ()


class CgroupNotifyOnRelease(WrittenFile):
    """TRC-106: a cgroup is set to start a program on the host when it is empty."""

    event = "cgroup_notify_on_release"
    origin = Origin.CONTAINER
    path = re.compile(r".*/notify_on_release", re.DOTALL)
    description = "A container wrote a cgroup's notify_on_release."
    properties = signature_properties(
        "TRC-106", 3, "privilege-escalation", "Escape to Host", "T1611"
    )


class CgroupReleaseAgent(ReplacedFile):
    """TRC-1010: the program is set that the host starts when a cgroup is empty."""

    event = "cgroup_release_agent"
    origin = Origin.CONTAINER
    path = re.compile(r".*/release_agent", re.DOTALL)
    description = "A container wrote a cgroup's release_agent."
    properties = signature_properties(
        "TRC-1010", 3, "privilege-escalation", "Escape to Host", "T1611"
    )


class CorePatternModification(WrittenFile):
    """TRC-1011: the program is set that the host starts for core dumps."""

    event = "core_pattern_modification"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sys/kernel/core_pattern", re.DOTALL)
    description = "A container wrote the pattern of core dumps, which can name a program."
    properties = signature_properties(
        "TRC-1011", 3, "privilege-escalation", "Escape to Host", "T1611"
    )


class SystemRequestKeyMod(WrittenFile):
    """TRC-1031: SysRq of the host is configured or triggered."""

    event = "system_request_key_mod"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sys/kernel/sysrq|/proc/sysrq-trigger", re.DOTALL)
    description = "A container wrote a file of system requests, which can stop the host."
    properties = signature_properties(
        "TRC-1031", 3, "privilege-escalation", "Escape to Host", "T1611"
    )


class DiskMount(Signature):
    """TRC-1014: a container mounts a device."""

    event = "disk_mount"
    needs = ("security_sb_mount",)
    origin = Origin.CONTAINER
    description = "A container mounted a device of the host."
    properties = signature_properties(
        "TRC-1014", 3, "privilege-escalation", "Escape to Host", "T1611"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the mount of a device, unless the runtime did it."""
        if event.process_name.startswith(RUNTIME):
            return ()
        return (args,) if (args["dev_name"] or "").startswith("/dev/") else ()
