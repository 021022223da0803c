# SPDX-License-Identifier: Apache-2.0
"""Symbolic forms of numeric arguments, for parse-arguments.

Argument filters compare with them, too (rule 7).  They are those of Tracee v0.12
(docs/design/tracee-v0.12-facts.md, 5.6), but never empty: what has no name is a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from ..abi import Alert
from ..events.argument_types import shape_of
from ..events.catalogue import KERNEL_SYMBOLS, ArgumentDefinition, load_catalogue
from ..events.names import values
from ..events.shapes import Shape
from ..events.structures import GIVEN_STRUCTURES
from . import flag_names as flags
from .call_formats import ARGUMENT_FORMATS, MEMBER_FORMATS
from .kernel_symbols import symbol_text

ArgumentFormatter: TypeAlias = Callable[[Any], Any]
"""Returns the symbolic form of a number, or of a structure."""

NAMED_TYPE: Final = "string"
"""``type`` of an argument in symbolic form, if that is a name."""


def enumeration(
    table: str, other: Mapping[int, str] | None = None, *, width: int = flags.WORD_BITS
) -> ArgumentFormatter:
    """Return a formatter of enumeration values; ``other`` overrides names.

    A value without a name is printed in hexadecimal, a negative one as a word of ``width`` bits.
    """
    return named({**values(table), **(other or {})}, width)


def named(names: Mapping[int, str], width: int = flags.WORD_BITS) -> ArgumentFormatter:
    """Return a formatter of the values that ``names`` has names of, others as ``enumeration``."""
    return lambda value: names.get(value) or flags.hexadecimal(value, width)


class StructureNames:
    """Formatter of a structure, or of a list of them, by its members."""

    def __init__(self, structure: str) -> None:
        self._formatters = {
            member: factory()
            for (name, member), factory in MEMBER_FORMATS.items()
            if name == structure
        }

    def __call__(self, value: Any) -> Any:
        """Return a structure with the symbolic forms of its members."""
        if isinstance(value, list):
            return [self(element) for element in value]
        if not isinstance(value, dict):
            return value
        return {name: self._named(name, member) for name, member in value.items()}

    def _named(self, name: str, member: Any) -> Any:
        formatter = self._formatters.get(name)
        return formatter(member) if formatter else member


def call_name() -> ArgumentFormatter:
    """Return a formatter of syscalls by event id; ``syscall_N`` for ~N, a number without event."""
    names = {event.id: event.name for event in load_catalogue().values() if event.syscall}
    return lambda value: names.get(value) or (f"syscall_{~value}" if value < -1 else str(value))


GETSOCKOPT_ONLY: Final = {26: "SO_GET_FILTER"}
"""Names of numbers that mean something else to setsockopt (SO_ATTACH_FILTER)."""

READ_FOR: Final = (
    "unknown",
    "firmware",
    "kernel-module",
    "kexec-image",
    "kexec-initramfs",
    "security-policy",
    "x509-certificate",
    "kernel-module-compressed",  # not yet in 6.18, there in 7.2
)
"""Reasons for which the kernel reads a file, by number (linux/kernel_read_file.h)."""


purpose: Final = named(dict(enumerate(READ_FOR)))
"""Formatter of the reason for which the kernel reads a file."""

ALERTS: Final[Mapping[int, str]] = {
    Alert.MAPPED_W_X: "mapped W+X",
    Alert.X_ADDED: "X added",
    Alert.W_ADDED: "W added to X",
    Alert.W_REMOVED: "W removed from W+X",
}
"""Kinds of mem_prot_alert, by the numbers of Tracee v0.12."""

RULES: Final[tuple[tuple[str, str, Callable[[], ArgumentFormatter]], ...]] = (
    ("ptrace anti_debugging", "request", lambda: enumeration("ptrace_request", width=64)),
    ("open openat security_file_open", "flags", lambda: flags.open_flags),
    ("sched_process_exec", "stdin_type", lambda: flags.inode_mode),
    ("dirty_pipe_splice", "in_file_type", lambda: flags.inode_mode),
    ("mknod mknodat chmod fchmod fchmodat security_inode_mknod", "mode", lambda: flags.inode_mode),
    ("mmap mmap2 mprotect pkey_mprotect security_mmap_file", "prot", lambda: flags.protection),
    ("security_file_mprotect do_mmap mem_prot_alert", "prot", lambda: flags.protection),
    ("security_file_mprotect mem_prot_alert", "prev_prot", lambda: flags.protection),
    ("mem_prot_alert", "alert", lambda: named(ALERTS)),
    ("socket", "domain", lambda: enumeration("address_family")),
    ("security_socket_create", "family", lambda: enumeration("address_family")),
    ("socket security_socket_create", "type", lambda: flags.socket_type),
    ("prctl", "option", lambda: enumeration("prctl_option")),
    ("access faccessat", "mode", lambda: flags.access_mode),
    ("execveat", "flags", lambda: flags.execveat_flags),
    ("clone", "flags", lambda: flags.clone_flags),
    ("bpf security_bpf", "cmd", lambda: flags.bpf_command),
    (
        "setsockopt getsockopt security_socket_setsockopt",
        "level",
        lambda: enumeration("socket_level"),
    ),
    ("setsockopt security_socket_setsockopt", "optname", lambda: enumeration("socket_option")),
    ("getsockopt", "optname", lambda: enumeration("socket_option", GETSOCKOPT_ONLY)),
    ("bpf_attach", "prog_type", lambda: enumeration("bpf_prog_type")),
    ("security_kernel_read_file security_kernel_post_read_file", "type", lambda: purpose),
    ("sys_enter sys_exit", "syscall", call_name),
)
"""Events, argument, and factory of the formatter."""

FACTORIES: Final = {
    (event, argument): factory for events, argument, factory in RULES for event in events.split()
} | dict(ARGUMENT_FORMATS)


def argument_formatter(event_name: str, argument: ArgumentDefinition) -> ArgumentFormatter | None:
    """Return the formatter of a number or a structure; None if it has no symbolic form.

    Call it once for each argument: it builds tables.
    """
    factory = FACTORIES.get((event_name, argument.name))
    if factory is not None:
        return factory()
    if argument.names:
        return symbol_text if argument.names == KERNEL_SYMBOLS else enumeration(argument.names)
    if (given := GIVEN_STRUCTURES.get((event_name, argument.name))) is not None:
        return StructureNames(given.structure)
    return flags.hexadecimal if shape_of(event_name, argument) is Shape.POINTER else None


def symbolic_type(event_name: str, argument: ArgumentDefinition) -> str:
    """Return the type that goes with the symbolic form: addresses keep theirs."""
    named_ = argument.names or (event_name, argument.name) in FACTORIES
    return NAMED_TYPE if named_ else argument.type
