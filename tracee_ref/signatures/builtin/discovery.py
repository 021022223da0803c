# SPDX-License-Identifier: Apache-2.0
"""Signatures of files that tell an intruder of the system."""

from __future__ import annotations

import re

from ..base import Origin
from ..describing import described
from .helpers import ReadFile


class AslrInspection(ReadFile):
    """TRC-109: it is read whether addresses are random."""

    event = "aslr_inspection"
    path = re.compile(r"/proc/sys/kernel/randomize_va_space")
    description = "The setting of the randomization of addresses was read."
    properties = described(
        "TRC-109", 0, "privilege-escalation", "Exploitation for Privilege Escalation", "T1068"
    )


class SchedDebugRecon(ReadFile):
    """TRC-1029: a container reads what all processors do."""

    event = "sched_debug_recon"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/sched_debug|/sys/kernel/debug/sched/debug")
    description = "A container read the scheduler's state, which tells of the host's processes."
    properties = described("TRC-1029", 1, "discovery", "Container and Resource Discovery", "T1613")


class ProcKcoreRead(ReadFile):
    """TRC-1021: a container reads the memory of the kernel."""

    event = "proc_kcore_read"
    origin = Origin.CONTAINER
    path = re.compile(r"/proc/kcore")
    description = "A container read the memory of the kernel."
    properties = described("TRC-1021", 2, "privilege-escalation", "Escape to Host", "T1611")
