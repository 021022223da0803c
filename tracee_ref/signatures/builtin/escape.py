# SPDX-License-Identifier: Apache-2.0
"""Signatures of a container that reaches for its host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Origin, Signature, Values
from ..describing import described
from .helpers import OPENED, PlacedFile, WrittenFile, opened_to_write

DOCKER_SOCKET: Final = "docker.sock"
RUNTIME: Final = "runc:["
"""Begins the name of runc inside of a container that it is still making."""


class DockerAbuse(Signature):
    """TRC-1019: the socket of docker is used from a container."""

    event = "docker_abuse"
    needs = (OPENED, "security_socket_connect")
    origin = Origin.CONTAINER
    description = "A container reached for the socket by which docker is ruled."
    properties = described(
        "TRC-1019", 2, "privilege-escalation", "Exploitation for Privilege Escalation", "T1068"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the opening for writing, or the connecting."""
        if event.event_name == OPENED:
            path = args["pathname"] if opened_to_write(args) else None
        else:
            path = (args["remote_addr"] or {}).get("sun_path")
        return (args,) if path and path.endswith(DOCKER_SOCKET) else ()


class CgroupNotifyOnRelease(WrittenFile):
    """TRC-106: a cgroup is set to have a program of the host run at its end."""

    event = "cgroup_notify_on_release"
    origin = Origin.CONTAINER
    path = re.compile(r".*/notify_on_release")
    description = "A container wrote a cgroup's notify_on_release."
    properties = described("TRC-106", 3, "privilege-escalation", "Escape to Host", "T1611")


class CgroupReleaseAgent(PlacedFile):
    """TRC-1010: the program that the host runs at the end of a cgroup is set."""

    event = "cgroup_release_agent"
    origin = Origin.CONTAINER
    path = re.compile(r".*/release_agent")
    description = "A container wrote a cgroup's release_agent."
    properties = described("TRC-1010", 3, "privilege-escalation", "Escape to Host", "T1611")


class CorePatternModification(WrittenFile):
    """TRC-1011: the program that the host runs for core dumps is set."""

    event = "core_pattern_modification"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sys/kernel/core_pattern")
    description = "A container wrote the pattern of core dumps, which can name a program."
    properties = described("TRC-1011", 3, "privilege-escalation", "Escape to Host", "T1611")


class SystemRequestKeyMod(WrittenFile):
    """TRC-1031: the host's system requests are switched or sent."""

    event = "system_request_key_mod"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sys/kernel/sysrq|/proc/sysrq-trigger")
    description = "A container wrote a file of system requests, which can stop the host."
    properties = described("TRC-1031", 3, "privilege-escalation", "Escape to Host", "T1611")


class DiskMount(Signature):
    """TRC-1014: a device is mounted in a container."""

    event = "disk_mount"
    needs = ("security_sb_mount",)
    origin = Origin.CONTAINER
    description = "A container mounted a device of the host."
    properties = described("TRC-1014", 3, "privilege-escalation", "Escape to Host", "T1611")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the mount of a device, unless it is the runtime's."""
        if event.process_name.startswith(RUNTIME):
            return ()
        return (args,) if (args["dev_name"] or "").startswith("/dev/") else ()
