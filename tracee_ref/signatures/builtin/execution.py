# SPDX-License-Identifier: Apache-2.0
"""Signatures of programs that come from where none should, or are run by whom none should."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...decode.argument_text import purpose
from ...events.event import TraceEvent
from ..base import Finding, Origin, Signature, Values
from ..describing import described
from .helpers import EXECUTED, file_name

ELF: Final = b"\x7fELF"
IN_MEMORY: Final = ("/memfd:", "memfd:", "/dev/shm/", "/run/shm/")
RUNTIME_COPY: Final = ("/memfd:runc_cloned:", "memfd:runc_cloned:")
"""The copy of itself that runc executes on the host (CVE-2019-5736)."""

SHELLS: Final = frozenset(
    ["sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "zsh", "busybox"]
)
SERVERS: Final = (
    "nginx", "httpd", "apache", "lighttpd", "caddy", "php-fpm", "uwsgi", "gunicorn", "http-nio",
    "node",
)  # fmt: skip
"""How the names of processes begin that serve the web, and are no business of shells."""


class FilelessExecution(Signature):
    """TRC-105: a program is executed whose file is in memory alone."""

    event = "fileless_execution"
    needs = (EXECUTED,)
    description = "A program was executed from memory, not from a disk."
    properties = described("TRC-105", 3, "defense-evasion", "Reflective Code Loading", "T1620")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the exec."""
        path = args["pathname"] or ""
        if not path.startswith(IN_MEMORY):
            return ()
        return () if not event.container_id and path.startswith(RUNTIME_COPY) else (args,)


class IllegitimateShell(Signature):
    """TRC-1016: a web server runs a shell."""

    event = "illegitimate_shell"
    needs = ("security_bprm_check",)
    description = "A web server ran a shell."
    properties = described(
        "TRC-1016", 2, "initial-access", "Exploit Public-Facing Application", "T1190"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give what the server executes; until it is done the process has the server's name."""
        if not event.process_name.startswith(SERVERS):
            return ()
        return (args,) if file_name(args["pathname"] or "") in SHELLS else ()


class KernelModuleLoading(Signature):
    """TRC-1017: a module is loaded into the kernel."""

    event = "kernel_module_loading"
    needs = ("init_module", "security_kernel_read_file")
    description = "A module was loaded into the kernel, or it was tried."
    properties = described(
        "TRC-1017", 2, "persistence", "Kernel Modules and Extensions", "T1547.006"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the loading from memory, or the reading of the module's file."""
        from_memory = event.event_name == "init_module"
        return (args,) if from_memory or purpose(args["type"]).startswith("kernel-module") else ()


class WrittenProgram(Signature):
    """A file begins with the first bytes of a program."""

    needs = ("magic_write",)

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the writing."""
        begins = (args["bytes"] or b"").startswith(ELF)
        return (args,) if begins and self.concerns(args["pathname"] or "") else ()

    def concerns(self, path: str) -> bool:
        """Whether a program of that path is of interest."""
        return not path.startswith(IN_MEMORY[:2])


class HiddenFileCreated(WrittenProgram):
    """TRC-1015: a program is written to a hidden file."""

    event = "hidden_file_created"
    description = "A program was written to a file, or into a directory, that is hidden."
    properties = described(
        "TRC-1015", 2, "defense-evasion", "Hidden Files and Directories", "T1564.001"
    )

    def concerns(self, path: str) -> bool:
        """Whether it is hidden: a part of the path begins with a dot."""
        return "/." in path


class DroppedExecutable(WrittenProgram):
    """TRC-1022: a program is written in a container, which was not of its image."""

    event = "dropped_executable"
    origin = Origin.CONTAINER
    description = "A program was written in a container while it ran."
    properties = described("TRC-1022", 2, "defense-evasion", "Masquerading", "T1036")
