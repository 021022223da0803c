# SPDX-License-Identifier: Apache-2.0
"""Signatures of execution: programs of unusual origin or with unusual parents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...decode.argument_text import purpose
from ...events.event import TraceEvent
from ..base import Finding, Origin, Signature, Values, signature_properties
from .helpers import EXECUTED, file_name

ELF: Final = b"\x7fELF"
IN_MEMORY: Final = ("/memfd:", "memfd:", "/dev/shm/", "/run/shm/")
RUNTIME_COPY: Final = ("/memfd:runc_cloned:", "memfd:runc_cloned:")
"""runc executes a copy of itself on the host (CVE-2019-5736)."""

SHELLS: Final = frozenset(
    ["sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "zsh", "busybox"]
)
SERVERS: Final = (
    "nginx", "httpd", "apache", "lighttpd", "caddy", "php-fpm", "uwsgi", "gunicorn", "http-nio",
    "node",
)  # fmt: skip
"""Prefixes of the comms of web servers, which do not execute shells."""


class FilelessExecution(Signature):
    """TRC-105: a program is executed from a file that exists only in memory."""

    event = "fileless_execution"
    needs = (EXECUTED,)
    description = "A program was executed from memory, not from a disk."
    properties = signature_properties(
        "TRC-105", 3, "defense-evasion", "Reflective Code Loading", "T1620"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return an exec of such a file, but not that of runc on the host."""
        path = args["pathname"] or ""
        if not path.startswith(IN_MEMORY):
            return ()
        return () if not event.container_id and path.startswith(RUNTIME_COPY) else (args,)


class IllegitimateShell(Signature):
    """TRC-1016: a web server executes a shell."""

    event = "illegitimate_shell"
    needs = ("security_bprm_check",)
    description = "A web server ran a shell."
    properties = signature_properties(
        "TRC-1016", 2, "initial-access", "Exploit Public-Facing Application", "T1190"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the check of a shell, at which the process still has the comm of the server."""
        if not event.process_name.startswith(SERVERS):
            return ()
        return (args,) if file_name(args["pathname"] or "") in SHELLS else ()


class KernelModuleLoading(Signature):
    """TRC-1017: a kernel module is loaded."""

    event = "kernel_module_loading"
    needs = ("init_module", "security_kernel_read_file")
    description = "A module was loaded into the kernel, or it was tried."
    properties = signature_properties(
        "TRC-1017", 2, "persistence", "Kernel Modules and Extensions", "T1547.006"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the load from memory, or the read of the module's file."""
        from_memory = event.event_name == "init_module"
        return (args,) if from_memory or purpose(args["type"]).startswith("kernel-module") else ()


class WrittenProgram(Signature):
    """Base of signatures of written programs: files that begin with the magic bytes of ELF."""

    needs = ("magic_write",)

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the write of a program with a path of interest."""
        is_elf = (args["bytes"] or b"").startswith(ELF)
        return (args,) if is_elf and self.matches_path(args["pathname"] or "") else ()

    def matches_path(self, path: str) -> bool:
        """Return whether a program with this path is of interest."""
        return not path.startswith(IN_MEMORY[:2])


class HiddenFileCreated(WrittenProgram):
    """TRC-1015: a program is written to a hidden file."""

    event = "hidden_file_created"
    description = "A program was written to a file, or into a directory, that is hidden."
    properties = signature_properties(
        "TRC-1015", 2, "defense-evasion", "Hidden Files and Directories", "T1564.001"
    )

    def matches_path(self, path: str) -> bool:
        """Return whether a component of the path begins with a dot."""
        return "/." in path


class DroppedExecutable(WrittenProgram):
    """TRC-1022: a program that is not in the image is written in a container."""

    event = "dropped_executable"
    origin = Origin.CONTAINER
    description = "A program was written in a container while it ran."
    properties = signature_properties("TRC-1022", 2, "defense-evasion", "Masquerading", "T1036")
