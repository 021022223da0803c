# SPDX-License-Identifier: Apache-2.0
"""Declarations of events: hooks, arguments, and where each argument is read.

A declaration is data: a row of ``data/hooks.json``, of a user's file, or one that is made from the
kernel's BTF.  tracee_ref/kernel/build/ generates the BPF programs of it.  Only the standard library
is used, because the oracle reads the catalogue with nothing else installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

DECLARED_IDS: Final = range(700, 1024)
"""Ids of the events in ``data/hooks.json``; those above 774 are not of Tracee v0.12."""

DYNAMIC_IDS: Final = range(1024, 2000)
"""Ids of events that are declared when the tracer starts, in the order of their declaration."""


class HookType(Enum):
    """What an event is hooked at; the value is its spelling in a declaration."""

    KPROBE = "kprobe"
    """The entry of a kernel function."""

    KRETPROBE = "kretprobe"
    """The return of a kernel function: only ``$retval`` and ``$task`` are there."""

    JOINED = "kprobe+kretprobe"
    """Both: the arguments are read at the entry, the event is reported at the return."""

    RAW_TRACEPOINT = "raw_tracepoint"
    SYSCALL_END = "syscall_end"
    """The end of each of the named system calls."""

    PROGRAM = "program"
    """A program in ``bpf/`` at the entry of kernel functions; ``why`` says what data cannot."""


class Conversion(Enum):
    """How the value at a source becomes an argument; the list is closed."""

    NUMBER = "number"
    """The number itself."""

    PATH = "path"
    """Path of a ``struct file`` or ``struct path``, from the root of the mount namespace."""

    ENTRY_PATH = "entry_path"
    """Path of a ``struct dentry`` in its file system, wherever that is mounted."""

    STRING = "string"
    """String in kernel memory."""

    USER_STRING = "user_string"
    """String in the memory of the process."""

    ANY_STRING = "any_string"
    """String in either memory: the address tells which."""

    BYTES = "bytes"
    """As many bytes of kernel memory as ``length`` says."""

    USER_BYTES = "user_bytes"
    """As many bytes of the memory of the process as ``length`` says."""

    SOCKADDR = "sockaddr"
    """A ``struct sockaddr`` in kernel memory, as long as ``length`` says."""

    LOCAL_ADDRESS = "local_address"
    """Address of a ``struct socket`` or ``struct sock``, as getsockname() returns it."""

    REMOTE_ADDRESS = "remote_address"
    """Address of its peer, as getpeername() returns it."""

    DEVICE = "device"
    """Device of the file system of a ``struct inode`` or ``struct super_block``."""

    TIME = "time"
    """Nanoseconds of a ``struct timespec64``; of a ``struct inode``, its change time."""

    CREDENTIALS = "credentials"
    """Ids and capabilities of a ``struct cred``."""

    ENUM = "enum"
    """A number, with the name that ``names`` has for it."""

    SYMBOL = "symbol"
    """An address of the kernel, with the name of the symbol there."""


STRINGS: Final = ("const char*", "char*")
DEFAULT_TYPES: Final[Mapping[Conversion, tuple[str, ...]]] = {
    Conversion.PATH: STRINGS,
    Conversion.ENTRY_PATH: STRINGS,
    Conversion.STRING: STRINGS,
    Conversion.USER_STRING: STRINGS,
    Conversion.ANY_STRING: STRINGS,
    Conversion.BYTES: ("bytes",),
    Conversion.USER_BYTES: ("bytes",),
    Conversion.SOCKADDR: ("struct sockaddr*",),
    Conversion.LOCAL_ADDRESS: ("struct sockaddr*",),
    Conversion.REMOTE_ADDRESS: ("struct sockaddr*",),
    Conversion.DEVICE: ("dev_t",),
    Conversion.TIME: ("unsigned long", "u64"),
    Conversion.CREDENTIALS: ("slim_cred_t",),
    Conversion.ENUM: ("int", "unsigned int", "u32", "u64", "long", "unsigned long"),
    Conversion.SYMBOL: ("void*",),
}
"""C types that an argument with a conversion may have, the default first."""

NOT_NUMBERS: Final = frozenset({*STRINGS, "bytes", "struct sockaddr*", "slim_cred_t"})
"""C types that a number cannot have."""

WITH_LENGTH: Final = frozenset({Conversion.BYTES, Conversion.USER_BYTES, Conversion.SOCKADDR})


class Root(Enum):
    """Sources that are no arguments of a function; ``$argN`` is its Nth, from 1 on."""

    RETVAL = "$retval"
    """What the function or the system call returns."""

    TASK = "$task"
    """The ``struct task_struct`` of the current thread."""

    CPU = "$cpu"
    """Number of the CPU."""

    PATH_ARGUMENT = "$path_argument"
    """Address of the path that the system call is given, if it opens or executes a file."""

    SOCKET_ARGUMENT = "$socket_argument"
    """Descriptor of the socket that the system call is given; -1 without one (io_uring)."""

    RETURNED_SOCKET = "$returned_socket"
    """The ``struct socket`` of the descriptor that the system call returns; NULL if none."""

    SYSCALL_ARGUMENT = "$syscall_arg"
    """``$syscall_arg1`` and so on: an argument of the system call."""

    MPROTECT_ADDR = "$mprotect_addr"
    MPROTECT_LEN = "$mprotect_len"
    MPROTECT_PKEY = "$mprotect_pkey"
    """Arguments of mprotect or pkey_mprotect; in other system calls 0, and -1 for the key."""


class Cast(NamedTuple):
    """A step of a path: the ``void *`` so far is one to this structure."""

    struct: str


Step: TypeAlias = "str | int | Cast"
"""A step of a path: a field, an index of an array, or a cast."""


class ValueSource(NamedTuple):
    """Where a value is read: an argument by its name in BTF, or a Root; then a path from there."""

    root: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """Return the source as it is declared."""
        return self.root + "".join(map(_spelling, self.steps))


@dataclass(frozen=True, slots=True)
class HookArgument:
    """An argument of a declared event.

    ``sources`` are alternatives: the first that the kernel has is read.  ``length`` is that of
    bytes.  ``mask`` keeps bits of a number, all if it is 0.  With ``at_return`` a joined event
    reads it at the return.  ``optional`` marks a structure that may be absent (a NULL pointer);
    most functions are always passed theirs.  ``names`` is the table of
    ``data/names.json`` of an enum.
    """

    name: str
    type: str
    sources: tuple[ValueSource, ...]
    conversion: Conversion = Conversion.NUMBER
    length: ValueSource | int | None = None
    mask: int = 0
    at_return: bool = False
    optional: bool = False
    names: str = ""


@dataclass(frozen=True, slots=True)
class HookDeclaration:
    """A declared event.

    ``points`` are the functions, tracepoints or system calls that it is hooked at, each with
    alternatives, of which the first that the kernel has is hooked.  An event is reported only if
    ``condition``, if there is one, is not 0.  The kernel calls the programs of an ``atomic``
    tracepoint with preemption off.  ``why`` explains an event that is a program.
    """

    name: str
    id: int
    hook: HookType
    points: tuple[tuple[str, ...], ...]
    arguments: tuple[HookArgument, ...] = ()
    sets: frozenset[str] = frozenset()
    condition: ValueSource | None = None
    atomic: bool = False
    why: str = ""


def _spelling(step: Step) -> str:
    if isinstance(step, Cast):
        return f":{step.struct}"
    return f"[{step}]" if isinstance(step, int) else f".{step}"
