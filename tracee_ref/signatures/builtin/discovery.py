# SPDX-License-Identifier: Apache-2.0
"""Signatures of discovery: files that describe the system are read."""

from __future__ import annotations

import re

from ..base import Origin, signature_properties
from .helpers import ReadFile


class AslrInspection(ReadFile):
    """TRC-109: the setting of address space layout randomization is read."""

    event = "aslr_inspection"
    path = re.compile(r"/proc/sys/kernel/randomize_va_space", re.DOTALL)
    description = "The setting of the randomization of addresses was read."
    properties = signature_properties(
        "TRC-109", 0, "privilege-escalation", "Exploitation for Privilege Escalation", "T1068"
    )


class SchedDebugRecon(ReadFile):
    """TRC-1029: a container reads the state of the scheduler."""

    event = "sched_debug_recon"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sched_debug|/sys/kernel/debug/sched/debug", re.DOTALL)
    description = "A container read the scheduler's state, which tells of the host's processes."
    properties = signature_properties(
        "TRC-1029", 1, "discovery", "Container and Resource Discovery", "T1613"
    )


class ProcKcoreRead(ReadFile):
    """TRC-1021: a container reads the kernel's memory."""

    event = "proc_kcore_read"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/kcore", re.DOTALL)
    description = "A container read the memory of the kernel."
    properties = signature_properties(
        "TRC-1021", 2, "privilege-escalation", "Escape to Host", "T1611"
    )
