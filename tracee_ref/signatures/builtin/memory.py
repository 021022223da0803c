# SPDX-License-Identifier: Apache-2.0
"""Signatures of memory that is read or changed by others, or becomes code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from mmap import PROT_EXEC, PROT_WRITE
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values
from ..describing import described
from .helpers import ReadFile, WrittenFile

MEMORY: Final = re.compile(r"/proc/\d+/(task/\d+/)?mem")
"""The memory of a process, its links (self) resolved."""


class ProcMemCodeInjection(WrittenFile):
    """TRC-1024: the memory of a process is written by its file in /proc."""

    event = "proc_mem_code_injection"
    path = MEMORY
    description = "The memory of a process was opened for writing, by /proc."
    properties = described("TRC-1024", 3, "defense-evasion", "Proc Memory", "T1055.009")


class ProcMemAccess(ReadFile):
    """TRC-1023: the memory of a process is read by its file in /proc."""

    event = "proc_mem_access"
    path = MEMORY
    description = "The memory of a process was opened for reading, by /proc."
    properties = described("TRC-1023", 3, "credential-access", "Proc Filesystem", "T1003.007")


class ProcessVmWriteInject(Signature):
    """TRC-1025: a process writes into the memory of another by process_vm_writev."""

    event = "process_vm_write_inject"
    needs = ("process_vm_writev",)
    description = "A process wrote into the memory of another by process_vm_writev."
    properties = described("TRC-1025", 3, "defense-evasion", "Process Injection", "T1055")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the call, unless it is about the process's own memory."""
        return (args,) if args["pid"] != event.process_id else ()


class DynamicCodeLoading(Signature):
    """TRC-104: memory that could be written becomes code.

    That which can be written and executed at once, as compilers at run time have it, is not told.
    """

    event = "dynamic_code_loading"
    needs = ("mem_prot_alert",)
    description = "Memory that could be written was made executable."
    properties = described("TRC-104", 2, "defense-evasion", "Software Packing", "T1027.002")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the change: X in place of W, whether or not it had both."""
        was, is_ = args["prev_prot"], args["prot"]
        return (args,) if was & PROT_WRITE and is_ & PROT_EXEC and not is_ & PROT_WRITE else ()
