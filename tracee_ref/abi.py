# SPDX-License-Identifier: Apache-2.0
"""Constants and structures that the BPF programs and user space share.

Each is written here only: ``tools/make_abi.py`` derives ``bpf/generated/abi.h`` from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from struct import Struct
from typing import Final


class Enumerator(IntEnum):
    """A C enumerator with a comment."""

    comment: str

    def __new__(cls, value: int, comment: str = "") -> Enumerator:  # noqa: D102
        member = int.__new__(cls, value)
        member._value_ = value
        member.comment = comment
        return member


class Counter(Enumerator):
    """Counters of events; a second set, of the packet programs, follows the first."""

    SEEN = 0, "selected events that reached the matcher"
    FILTERED = 1, "seen events that no scope matched"
    SUBMITTED = 2, "written to the ring buffer"
    LOST = 3, "no room in the ring buffer"
    UNKNOWN = 4, "matched with incomplete facts of their process"
    UNTRACKED = 5, "processes and cgroups of containers that did not fit into a map"
    UNKEPT = 6, "syscalls whose arguments did not fit into the map at their entry"


class ArgumentShape(Enumerator):
    """How the kernel side copies an argument of a syscall.

    From STRING on, the syscall reads the memory; else it writes it.
    """

    NUMBER = 0, "the register; also a pointer that is not followed"
    STRINGS = 1, "char **, up to its NULL"
    SOCKADDR_OUT = 2, "struct sockaddr *, the next register points to the length"
    FILLED = 3, "int[2], or a structure: its size is in struct call_shapes"
    SKIPPED = 4, "not needed in this run"
    LAST = 5, "this argument and all after it are numbers"
    STRING = 6, "char *, up to its NUL; the first that the syscall reads"
    STRUCTURE = 7, "struct *: its size is in struct call_shapes"


class CallEntry(Enumerator):
    """What happens at the entry of a syscall."""

    NONE = 0, "nothing"
    ARGUMENTS = 1, "arguments in memory are copied (rule 19)"
    EXEC = 2, "the record is saved until the exec succeeds"
    WITHOUT_RETURN = 3, "the event is reported"


class ReturnProgram(Enumerator):
    """Programs that the one at the return of a syscall goes on with."""

    DONE = 0, "none"
    COMPARE = 1, "an argument is compared with that of the entry"
    EXEC = 2, "an exec failed"
    EXEC_ARRAYS = 3, "its arrays of strings are copied"
    COMPARE_EXEC = 4, "all its arguments are compared with those of the entry"
    COMPARE_EXEC_ARGUMENT = 5, "one by one"
    AGAIN = 6, "the same, for the syscall that socketcall or ipc stand for"
    FAILED = 7, "no program has this index: the event is counted as lost"


class ValueKind(Enumerator):
    """Kinds of keys in ``value_table``, in the last byte of the key; 0 is an empty slot."""

    COMM = 1
    UTS = 2
    MNTNS = 3
    PIDNS = 4
    UID = 5
    PID = 6


class NameKind(Enumerator):
    """Kinds of names that have patterns: the index into ``pattern_classes``."""

    COMM = 0
    UTS = 1


class Ring(Enumerator):
    """Ring buffers: the index into the map of shares."""

    RECORDS = 0, "of all events but packets"
    PACKET_RECORDS = 1, ""


class Alert(Enumerator):
    """Changes of protection that mem_prot_alert reports, numbered as in Tracee v0.12."""

    NONE = 0
    MAPPED_W_X = 1
    X_ADDED = 2
    W_ADDED = 3
    W_REMOVED = 4


ENUMS: Final[Mapping[str, type[Enumerator]]] = {
    "COUNTER": Counter,
    "SHAPE": ArgumentShape,
    "ENTRY": CallEntry,
    "RETURN": ReturnProgram,
    "VALUE": ValueKind,
    "NAME": NameKind,
    "RING": Ring,
    "ALERT": Alert,
}
"""C enums by the prefix of their enumerators."""

FLAG_COMPAT: Final = 1
FLAG_NO_ARGUMENTS: Final = 2
FLAGS_CHANGED_SHIFT: Final = 8
SLOT_STATE_SHIFT: Final = 32
SLOT_NULL: Final = 1
SLOT_UNREADABLE: Final = 2
SLOT_CUT: Final = 4
STRUCTURE_MAX_BYTES: Final = 128
STDIN_INODE_SHIFT: Final = 32
SYSCALL_ARGUMENTS: Final = 6
SHAPES_MAX: Final = 8
NO_WORD: Final = SYSCALL_ARGUMENTS
ARRAY_WORD: Final = 8
COMPAT_WORDS: Final = 16
SUBCALLS_EACH: Final = 32
SUBCALLS_FIRST: Final = 896
HOOK_SLOTS: Final = 12
ARGUMENTS_MAX: Final = 16
SCOPES_MAX: Final = 64
NAME_BYTES: Final = 16
CONTAINER_ID_BYTES: Final = 32
PATTERN_MATCHED: Final = 1 << 31
PID_BITS: Final = 22
PACKET_NO_TRANSPORT: Final = 256
PACKET_TOO_DEEP: Final = 257

CONTAINER_NAMES: Final = (
    "docker", "cri-containerd", "crio", "libpod", "libpod-payload", "nerdctl",
)  # fmt: skip
"""Names of runtimes that precede a container id in the name of a cgroup: ``NAME-ID`` or
``SLICE:NAME:ID``.  At most 14 characters: NAME_PREFIX_BYTES with what surrounds it."""

NAME_PREFIX_BYTES: Final = 16

CONSTANTS: Final[Mapping[str, tuple[str, str]]] = {
    "FLAG_COMPAT": (f"{FLAG_COMPAT}", "header.flags: the task was in a 32-bit syscall"),
    "FLAG_NO_ARGUMENTS": (f"{FLAG_NO_ARGUMENTS}", "header.flags: their array could not be read"),
    "FLAGS_CHANGED_SHIFT": (
        f"{FLAGS_CHANGED_SHIFT}",
        "header.flags: from here a bit for each argument that changed during the syscall",
    ),
    "SLOT_NULL": (f"({SLOT_NULL}ULL << {SLOT_STATE_SHIFT})", "a NULL pointer was passed"),
    "SLOT_UNREADABLE": (
        f"({SLOT_UNREADABLE}ULL << {SLOT_STATE_SHIFT})",
        "the memory could not be read",
    ),
    "SLOT_CUT": (f"({SLOT_CUT}ULL << {SLOT_STATE_SHIFT})", "only the beginning was copied"),
    "STRUCTURE_MAX": (f"{STRUCTURE_MAX_BYTES}", "bytes copied: sizeof(struct sockaddr_storage)"),
    "STDIN_INODE_SHIFT": (f"{STDIN_INODE_SHIFT}", "of the inode number above the file's mode"),
    "REGISTERS": (f"{SYSCALL_ARGUMENTS}", "arguments of a syscall"),
    "SHAPES_MAX": (f"{SHAPES_MAX}", "the same, as a power of two for the verifier"),
    "NO_WORD": (f"{NO_WORD}", "index of a word of a 32-bit syscall that is always 0"),
    "ARRAY_WORD": (f"{ARRAY_WORD}", "index of the first word in memory; registers are before it"),
    "COMPAT_WORDS": (f"{COMPAT_WORDS}", "registers and words in memory of a 32-bit syscall"),
    "SUBCALLS_EACH": (f"{SUBCALLS_EACH}", "syscalls of socketcall, and of a version of ipc"),
    "SUBCALLS_FIRST": (f"{SUBCALLS_FIRST}", "index of the first of these in the map calls"),
    "SCOPES_MAX": (f"{SCOPES_MAX}", "bits of a mask"),
    "HOOK_SLOTS": (f"{HOOK_SLOTS}", "in the record of every event at a hook, used or not"),
    "ARGUMENTS_MAX": (f"{ARGUMENTS_MAX}", "of any event: a filtered one is event * this + index"),
    "PID_BITS": (f"{PID_BITS}", "of a pid: PID_MAX_LIMIT is 1 << 22 (linux/threads.h)"),
    "NAME_SIZE": (f"{NAME_BYTES}", "TASK_COMM_LEN; also the part of a host name that is compared"),
    "NAME_WORDS": (f"{NAME_BYTES // 8}", "in u64: bytes are copied one by one"),
    "CONTAINER_ID_SIZE": (f"{CONTAINER_ID_BYTES}", "of the 64 hexadecimal digits of an id"),
    "CONTAINER_ID_WORDS": (f"{CONTAINER_ID_BYTES // 8}", ""),
    "PACKET_NO_TRANSPORT": (f"{PACKET_NO_TRANSPORT}", "a later fragment, or an incomplete header"),
    "PACKET_TOO_DEEP": (f"{PACKET_TOO_DEEP}", "too many extension headers before it"),
    "PATTERN_MATCHED": (f"{PATTERN_MATCHED:#x}u", "in pattern_row.next: a pattern ends there"),
}
"""C macros, with their comments."""

FORMATS: Final = {"u64": "Q", "s64": "q", "u32": "I", "s32": "i", "u16": "H"}
ELEMENT_BYTES: Final = {"u64": 8, "u8": 1}
"""Sizes of the elements of an array, in bytes."""


@dataclass(frozen=True)
class Field:
    """A field of a C structure: a scalar, ``count`` elements, or another structure.

    User space has an array or a structure as ``bytes``, and an array of ``numbers`` as integers.
    """

    name: str
    type: str
    comment: str = ""
    count: int = 0
    numbers: bool = False
    nested: Layout | None = None

    @property
    def format(self) -> str:
        """Return the format of the field for the module ``struct``."""
        if self.nested:
            return f"{self.nested.struct.size}s"
        if self.count and not self.numbers:
            return f"{ELEMENT_BYTES[self.type] * self.count}s"
        return FORMATS[self.type] * max(1, self.count)


@dataclass(frozen=True)
class Layout:
    """A C structure without padding."""

    name: str
    comment: str
    fields: Sequence[Field]

    @cached_property
    def struct(self) -> Struct:
        """Return the structure as ``struct`` packs it."""
        return Struct("=" + "".join(field.format for field in self.fields))

    def offset(self, name: str) -> int:
        """Return the offset of a field in bytes."""
        names = [field.name for field in self.fields]
        before = self.fields[: names.index(name)]
        return Struct("=" + "".join(field.format for field in before)).size

    def index(self, name: str) -> int:
        """Return the index of a field among the unpacked values, if no ``numbers`` precede it."""
        return [field.name for field in self.fields].index(name)


HEADER: Final = Layout(
    "header",
    "The start of every record. The slots follow, one u64 for each argument, then the bytes of\n"
    "the arguments that are not numbers, in order, each as long as its slot says. One that\n"
    "changed during the syscall is followed by its slot and its bytes at the return.",
    [
        Field("time", "u64", "ns since boot, suspended time included (CLOCK_BOOTTIME)"),
        Field("retval", "s64"),
        Field("event", "u32"),
        Field("syscall", "s32", "number of the syscall that the task was in, -1 for none"),
        Field("mask", "u64", "scopes that matched"),
        Field("start_time", "u64", "of the thread, same clock"),
        Field("cgroup", "u64", "id in the hierarchy that containers are found by"),
        Field("pid", "u32"),
        Field("tid", "u32"),
        Field("ppid", "u32"),
        Field("inner_pid", "u32", "in the pid namespace of the task"),
        Field("inner_tid", "u32"),
        Field("inner_ppid", "u32"),
        Field("uid", "u32"),
        Field("mntns", "u32"),
        Field("pidns", "u32"),
        Field("cpu", "u16"),
        Field("flags", "u16"),
        Field("comm", "u64", count=NAME_BYTES // 8),
        Field("uts", "u64", count=NAME_BYTES // 8),
        Field("container", "u64", "zero for none", count=CONTAINER_ID_BYTES // 8),
    ],
)
PACKET_PREFIX: Final = Layout(
    "packet_prefix",
    "Precedes the bytes of a packet.",
    [
        Field("length", "u32", "of the whole packet"),
        Field("protocol", "u32", "of the transport, or PACKET_..."),
        Field("incoming", "u32"),
        Field("transport", "u32", "offset of its header in the packet"),
        Field("skipped", "u32", "bytes before it that were not copied: extension headers"),
        Field("fragment", "u32", "the first fragment of several"),
        Field("segment_size", "u32", "of the datagrams or segments that the packet will become"),
        Field("stream", "u32", "tells connections with the same addresses apart"),
        Field("interface", "u64", "its name", count=NAME_BYTES // 8),
    ],
)
CALL_SHAPES: Final = Layout(
    "call_shapes",
    "Shapes of the arguments of a syscall. Structures have ``fixed`` bytes, and ``unit`` bytes\n"
    "for each that the next register counts.",
    [
        Field("of", "u8", count=SHAPES_MAX),
        Field("fixed", "u8", count=SHAPES_MAX),
        Field("unit", "u8", count=SHAPES_MAX),
    ],
)
CALL: Final = Layout(
    "call",
    "By syscall number, as a native [0] and a 32-bit syscall [1]: the scopes that selected it,\n"
    "its event, and what happens at its entry (enum call_entry). The rest is of the 32-bit\n"
    "syscall: the words of its arguments.",
    [
        Field("selected", "u64", count=2, numbers=True),
        Field("event", "u32", count=2, numbers=True),
        Field("entry", "u32", count=2, numbers=True),
        Field("subcalls", "u32", "index of the syscalls that it stands for, 0 for none"),
        Field("array", "u16", "register that points to an array of words"),
        Field("array_bytes", "u16", "length of the array, 0 for none"),
        Field("low", "u8", "index of the word of each argument", count=SHAPES_MAX),
        Field(
            "high", "u8", "that of the upper half of a 64-bit number, or NO_WORD", count=SHAPES_MAX
        ),
    ],
)
SYSCALL_MASKS: Final = Layout(
    "syscall_masks",
    "By syscall number, as a native [0] and a 32-bit syscall [1]: the scopes that selected\n"
    "sys_enter and sys_exit and accept the syscall; whether anything happens at its entry [0] and\n"
    "its return [1]; and the value of the argument.",
    [
        Field("enter", "u64", count=2, numbers=True),
        Field("exit", "u64", count=2, numbers=True),
        Field("wanted", "u32", count=2, numbers=True),
        Field("value", "s32", "id of the event, ~number without one", count=2, numbers=True),
    ],
)
SCOPE_MASKS: Final = Layout(
    "scope_masks",
    "Masks of a value (rule 4): the scopes that have it as an `=` value, and the scopes that\n"
    "exclude it.",
    [Field("equal", "u64"), Field("excluded", "u64")],
)
SHARES: Final = Layout(
    "shares",
    "Accounts of the scopes for a ring buffer.",
    [
        Field(
            "spent",
            "u64",
            "position of the reader at which a scope will have got back all that it wrote",
            count=SCOPES_MAX,
        ),
        Field("over", "u8", "it had spent its share when it wrote last", count=SCOPES_MAX),
    ],
)
VALUE_SLOT: Final = Layout(
    "value_slot",
    "A slot of value_table: a key of 16 bytes, with its kind in the last one.",
    [Field("words", "u64", count=2), Field("masks", "scope_masks", nested=SCOPE_MASKS)],
)
ID_PREFIX: Final = Layout(
    "id_prefix",
    "A key of container_prefixes: the first bits of an id.",
    [Field("bits", "u32"), Field("id", "u8", count=CONTAINER_ID_BYTES)],
)
CONTAINER_MASKS: Final = Layout(
    "container_masks",
    "Scopes that accept a container with the prefix, by whether it existed before tracing.",
    [Field("before_trace", "u64"), Field("after_trace", "u64")],
)
CONTAINER: Final = Layout(
    "container",
    "The container that a cgroup belongs to.",
    [
        Field("accept", "u64", "scopes whose container filters hold"),
        Field("started_after_trace", "u64"),
        Field("id", "u64", count=CONTAINER_ID_BYTES // 8),
    ],
)
PROCESS: Final = Layout(
    "process",
    "State of a process: set at exec, inherited at fork.",
    [
        Field("binary_accepts", "u64", "scopes that accept the executed file"),
        Field("followed", "u64", "scopes that follow the process (rule 13)"),
        Field("before_exec", "u64", "the COMMAND's process, still running the tracer's code"),
    ],
)
TREE_STATE: Final = Layout(
    "tree_state",
    "State of a process for tree filters: the masks of the process and of its ancestors.",
    [
        Field("masks", "scope_masks", nested=SCOPE_MASKS),
        Field("parent", "u32", "if incomplete: the ancestor without an element"),
        Field("incomplete", "u32", "an ancestor had no element: user space adds its masks"),
    ],
)
OWNER: Final = Layout(
    "owner",
    "The process that used a socket last.",
    [
        Field("mask", "u64", "scopes whose process filters hold"),
        Field("inode", "u64", "as the key: the LRU map may reuse the element meanwhile"),
        Field("incomplete", "u64", "matched with incomplete facts of the process"),
        Field("header", "header", nested=HEADER),
    ],
)
CREDENTIALS: Final = Layout(
    "credentials",
    "A struct cred, in the initial user namespace.",
    [
        *(
            Field(name, "u32")
            for name in ("uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid")
        ),
        Field("user_namespace", "u32", "inode number"),
        Field("securebits", "u32"),
        Field("inheritable", "u64", "capabilities"),
        Field("permitted", "u64"),
        Field("effective", "u64"),
        Field("bounding", "u64"),
        Field("ambient", "u64"),
    ],
)
STRING_ARGUMENT: Final = Layout(
    "string_argument",
    "Scopes that accept an argument where no node decides.",
    [
        Field("otherwise", "u64", "a string that begins with none of the nodes"),
        Field("absent", "u64", "a string that is NULL or could not be read"),
    ],
)

LAYOUTS: Final = (
    HEADER, PACKET_PREFIX, CALL_SHAPES, CALL, SYSCALL_MASKS, SCOPE_MASKS, SHARES, VALUE_SLOT,
    ID_PREFIX, CONTAINER_MASKS, CONTAINER, PROCESS, TREE_STATE, OWNER, CREDENTIALS,
    STRING_ARGUMENT,
)  # fmt: skip
"""In an order in which C can declare them."""
