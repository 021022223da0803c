# SPDX-License-Identifier: Apache-2.0
"""Signatures of memory: access to other processes, and writable memory as code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from mmap import PROT_EXEC, PROT_WRITE
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values, signature_properties
from .helpers import ReadFile, WrittenFile

MEMORY: Final = re.compile(r"/proc/\d+/(task/\d+/)?mem", re.DOTALL)
"""Memory of a process, with /proc/self resolved."""


class ProcMemCodeInjection(WrittenFile):
    """TRC-1024: the memory of a process is opened for writing."""

    event = "proc_mem_code_injection"
    path = MEMORY
    description = "The memory of a process was opened for writing, by /proc."
    properties = signature_properties("TRC-1024", 3, "defense-evasion", "Proc Memory", "T1055.009")


class ProcMemAccess(ReadFile):
    """TRC-1023: the memory of a process is opened for reading."""

    event = "proc_mem_access"
    path = MEMORY
    description = "The memory of a process was opened for reading, by /proc."
    properties = signature_properties(
        "TRC-1023", 3, "credential-access", "Proc Filesystem", "T1003.007"
    )


class ProcessVmWriteInject(Signature):
    """TRC-1025: a process writes to the memory of another with process_vm_writev."""

    event = "process_vm_write_inject"
    needs = ("process_vm_writev",)
    description = "A process wrote into the memory of another by process_vm_writev."
    properties = signature_properties(
        "TRC-1025", 3, "defense-evasion", "Process Injection", "T1055"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the call, unless the process writes to its own memory."""
        return (args,) if args["pid"] != event.process_id else ()


class DynamicCodeLoading(Signature):
    """TRC-104: writable memory becomes executable.

    Memory that stays writable, as just-in-time compilers have it, gives no finding.
    """

    event = "dynamic_code_loading"
    needs = ("mem_prot_alert",)
    description = "Memory that could be written was made executable."
    properties = signature_properties(
        "TRC-104", 2, "defense-evasion", "Software Packing", "T1027.002"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return a change from writable to executable and not writable."""
        old, new = args["prev_prot"], args["prot"]
        return (args,) if old & PROT_WRITE and new & PROT_EXEC and not new & PROT_WRITE else ()
