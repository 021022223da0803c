# SPDX-License-Identifier: Apache-2.0
"""Generator of C programs that make every harmless syscall of an ABI.

Values are different for each argument, and invalid, so that no syscall has an effect: negative
descriptors and ids, addresses that are not mapped, paths that no machine has.  C's own types decide
what the program prints of them.  What a 32-bit syscall needs two words for is written here from
the kernel's prototypes (include/linux/syscalls.h), not taken from the tracer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tracee_ref.events.argument_types import OUTPUT_BUFFERS
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition, all_events

LEFT_OUT: Final = frozenset(
    {
        *("exit", "exit_group", "pause", "idle", "sigreturn", "rt_sigreturn", "sigsuspend"),
        *("fork", "vfork", "kill", "reboot", "vhangup", "sync"),
    }
)
"""Syscalls that end or stop the program, make another one, or change the machine."""

CHANGES_IDS: Final = re.compile(r"set(re|res|fs)?[ug]id(16)?|setgroups(16)?|setsid|nice")
"""Called last: the program may be another user's afterwards."""

WIDE: Final = {
    "pread64": ["offset"], "pwrite64": ["offset"], "truncate64": ["length"],
    "ftruncate64": ["length"], "readahead": ["offset"], "fadvise64": ["offset"],
    "fadvise64_64": ["offset", "len"], "sync_file_range": ["offset", "nbytes"],
    "fallocate": ["offset", "len"], "fanotify_mark": ["mask"], "lookup_dcookie": ["cookie"],
}  # fmt: skip
"""Arguments of type loff_t or u64."""

C_TYPES: Final = {
    **dict.fromkeys(("long", "off_t"), "k_long"),
    **dict.fromkeys(("unsigned long", "size_t"), "k_ulong"),
    **dict.fromkeys(
        ("unsigned int", "u32", "uid_t", "gid_t", "qid_t", "mode_t", "dev_t"), "k_uint"
    ),
    **dict.fromkeys(("old_uid_t", "old_gid_t", "old_old_uid_t"), "k_ushort"),
    **dict.fromkeys(
        ("int", "pid_t", "key_t", "key_serial_t", "mqd_t", "timer_t", "clockid_t",
         "const clockid_t", "landlock_rule_type"),
        "k_int",
    ),
    "loff_t": "k_wide",
    "u64": "k_uwide",
}  # fmt: skip
"""Types of caller.h; all others are addresses."""

VALUES_32: Final = {
    "k_int": "-{0}", "k_uint": "0xf1230000u + {0}", "k_ushort": "0xa000 + {0}",
    "k_long": "-(0x12340000 + {0})", "k_ulong": "0xfffff000u + {0} % 4080",
    "k_wide": "-(0x1234567800000000ll + {0})", "k_uwide": "0xf234567812340000ull + {0}",
    "address": "0x1000 + {0}",
}  # fmt: skip
VALUES_64: Final = {
    **VALUES_32, "k_long": "-(0x1234567800000000ll + {0})",
    "k_ulong": "0xfedcba9800000000ull + {0}", "address": "0xdead000000000000ull + {0}",
}  # fmt: skip
"""C expressions of values, by type; the number is different for each argument."""

FIXED: Final = {
    ("clone", "flags"): "0x80000800u",  # CLONE_SIGHAND without CLONE_VM is invalid
    ("personality", "persona"): "0xffffffffu",  # asks only
    **{
        (call, call[:3] + "flg"): "-4096" for call in ("semget", "shmget", "msgget")
    },  # no IPC_CREAT
}
"""Values of arguments that would have an effect."""

SOCKADDR_TEXT: Final = "127.0.0.1:4660"
STRINGS_TEXT: Final = "first|and second"


class Machine(NamedTuple):
    """An ABI: compiler flags, and the rules for words (see WIDE)."""

    flags: Sequence[str]
    is_32_bit: bool
    aligned: bool = False


MACHINES: Final[Mapping[str, Machine]] = {
    "x86-64": Machine((), is_32_bit=False),
    "i386": Machine(("-m32",), is_32_bit=True),
    "vdso": Machine(("-m32", "-DVDSO", "-fno-omit-frame-pointer"), is_32_bit=True),
    "int80": Machine(("-DINT80", "-mno-red-zone"), is_32_bit=True),
}
"""``vdso`` enters the kernel as a C library does; ``int80`` is a 64-bit program that makes the
syscalls of i386."""


@dataclass
class Value:
    """An argument: how the program prints it, and the C expressions of its words."""

    printed: str
    words: Sequence[str]


class Generator:
    """Generator of the calls of one ABI; ``numbers`` has the event of each syscall number."""

    def __init__(self, machine: Machine, numbers: Mapping[int, EventDefinition]) -> None:
        self._machine = machine
        self._numbers = numbers
        self._serial = 1000
        self.events: set[str] = set()

    def source(self) -> str:
        """Return the text of the program."""
        calls = sorted(self._numbers.items(), key=lambda call: bool(changes_ids(call[1].name)))
        lines = [line for number, event in calls if event.name not in LEFT_OUT
                 for line in self._call(number, event)]  # fmt: skip
        if self._machine.is_32_bit:
            lines += [*self._socketcalls(), *self._ipc_calls()]
        return PROGRAM.format(calls="\n\t".join(lines))

    def _call(self, number: int, event: EventDefinition) -> Iterator[str]:
        values = [self._value(event.name, argument) for argument in event.args]
        if self._machine.is_32_bit and event.name in ("mmap", "old_select"):
            yield from self._array(values)
            words = ["POINTER(array)"]
        else:
            words = self._words(event, values)
        yield from self._print(event.name, values)
        yield enter(number, words)

    def _print(self, name: str, values: Sequence[Value]) -> Iterator[str]:
        self.events.add(name)
        yield f'say("{name}");'
        yield " ".join(f"{value.printed};" for value in values)

    def _array(self, values: Sequence[Value]) -> Iterator[str]:
        for index, value in enumerate(values):
            yield f"array[{index}] = {value.words[0]};"

    def _words(self, event: EventDefinition, values: Sequence[Value]) -> list[str]:
        """Return the words in the order of the registers."""
        names = [argument.name for argument in event.args]
        if self._machine.is_32_bit and event.name == "clone":
            names = ["flags", "stack", "parent_tid", "tls", "child_tid"]
        by_name = dict(zip((argument.name for argument in event.args), values, strict=True))
        words: list[str] = []
        for name in names:
            if self._machine.aligned and len(by_name[name].words) == 2 and len(words) % 2:
                words.append("0")
            words += by_name[name].words
        return words

    def _value(self, name: str, argument: ArgumentDefinition) -> Value:
        self._serial += 1
        kind = argument.type
        if kind in ("char*", "const char*") and (name, argument.name) not in OUTPUT_BUFFERS:
            text = f'"/proc/missing/{self._serial}"'
            return Value(f"TEXT({text})", [f"POINTER({text})"])
        if argument.name == "envp":
            return Value('TEXT("null")', ["0"])
        if kind.startswith("const char*const*"):
            return Value(f'TEXT("{STRINGS_TEXT}")', ["POINTER(strings)"])
        if kind == "struct sockaddr*" and name in ("bind", "connect", "sendto"):
            return Value(f'TEXT("{SOCKADDR_TEXT}")', ["POINTER(&peer)"])
        if kind in ("struct sockaddr*", "int[2]"):
            return Value('TEXT("?")', [f"WORD({self._expression('address')})"])
        if argument.name == "addrlen" and kind == "int":
            return Value("NUMBER(k_int, 16)", ["16"])
        return self._number(name, argument)

    def _number(self, name: str, argument: ArgumentDefinition) -> Value:
        kind = C_TYPES.get(argument.type, "address")
        is_wide = self._machine.is_32_bit and argument.name in WIDE.get(name, ())
        if is_wide:
            kind = "k_uwide" if argument.type == "u64" else "k_wide"
        expression = FIXED.get((name, argument.name)) or self._expression(kind)
        printed = f"ADDRESS({expression})" if kind == "address" else f"NUMBER({kind}, {expression})"
        words = ("LOW", "HIGH_WORD") if is_wide else ("WORD",)
        return Value(printed, [f"{word}({expression})" for word in words])

    def _expression(self, kind: str) -> str:
        values = VALUES_32 if self._machine.is_32_bit else VALUES_64
        return values[kind].format(self._serial)

    def _socketcalls(self) -> Iterator[str]:
        """Give the calls of socketcall, whose numbers are in linux/net.h."""
        multiplexer, event = self._multiplexer("socketcall")
        for number, (name, count) in enumerate(SOCKETCALLS, 1):
            values = [self._value(name, argument) for argument in all_events()[name].args]
            absent = [Value('TEXT("null")', []), Value("NUMBER(k_int, 0)", [])]
            yield from self._array(values[:count])
            words = [f"{number}", "POINTER(array)"]
            result = enter(multiplexer, words)
            yield from self._print(
                event, [Value(f"NUMBER(k_int, {number})", ()), Value("ADDRESS(POINTER(array))", ())]
            )
            yield result
            yield from self._print(name, [*values[:count], *absent[: len(values) - count]])
            yield "end_of_call(result);"

    def _ipc_calls(self) -> Iterator[str]:
        """Give the calls of ipc, whose numbers are in linux/ipc.h."""
        multiplexer, event = self._multiplexer("ipc")
        for version in (0, 1):
            for number, name, *registers in IPC_CALLS:
                values = [self._value(name, argument) for argument in all_events()[name].args]
                given = dict(zip(registers, (value.words[0] for value in values), strict=True))
                if name == "semctl":
                    yield f"array[0] = {given.pop('*ptr')};"
                    given["ptr"] = "POINTER(array)"
                if name == "msgrcv" and not version:
                    yield f"array[0] = {given['ptr']}; array[1] = {given.pop('fifth')};"
                    given["ptr"] = "POINTER(array)"
                words = [f"{number | version << 16}"]
                words += [given.get(register, "0") for register in IPC_REGISTERS]
                kinds = ("k_uint", "k_int", "k_ulong", "k_ulong", "k_ulong", "k_long")
                yield from self._print(
                    event,
                    [Value(f"NUMBER({k}, {w})", ()) for k, w in zip(kinds, words, strict=True)],
                )
                yield enter(multiplexer, words)
                yield from self._print(name, values)
                yield "end_of_call(result);"

    def _multiplexer(self, name: str) -> tuple[int, str]:
        return next((n, e.name) for n, e in self._numbers.items() if e.name == name)


def enter(number: int, words: Sequence[str]) -> str:
    """Return the statements that make a syscall and print its result."""
    padded = [*words, *["0"] * (6 - len(words))]
    return f"result = enter({number}, {', '.join(padded)}); end_of_call(result);"


def changes_ids(name: str) -> bool:
    """Return whether a syscall may change the user of the program."""
    return CHANGES_IDS.fullmatch(name) is not None


SOCKETCALLS: Final = (
    ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3), ("getsockname", 3),
    ("getpeername", 3), ("socketpair", 4), ("sendto", 4), ("recvfrom", 4), ("sendto", 6),
    ("recvfrom", 6), ("shutdown", 2), ("setsockopt", 5), ("getsockopt", 5), ("sendmsg", 3),
    ("recvmsg", 3), ("accept4", 4), ("recvmmsg_time32", 5), ("sendmmsg", 4),
)  # fmt: skip
"""Syscalls of socketcall from 1 on, and the length of their arrays; send and recv are sendto and
recvfrom without an address."""

IPC_REGISTERS: Final = ("first", "second", "third", "ptr", "fifth")
IPC_CALLS: Final = (
    (1, "semop", "first", "ptr", "second"),
    (2, "semget", "first", "second", "third"),
    (3, "semctl", "first", "second", "third", "*ptr"),
    (4, "semtimedop", "first", "ptr", "second", "fifth"),
    (11, "msgsnd", "first", "ptr", "second", "third"),
    (12, "msgrcv", "first", "ptr", "second", "fifth", "third"),
    (13, "msgget", "first", "second"),
    (14, "msgctl", "first", "second", "ptr"),
    (21, "shmat", "first", "ptr", "second"),
    (22, "shmdt", "ptr"),
    (23, "shmget", "first", "second", "third"),
    (24, "shmctl", "first", "second", "ptr"),
)
"""Syscalls of ipc, and the registers of their arguments (ipc/syscall.c); the message and type of
msgrcv are in memory in version 0."""

PROGRAM: Final = """\
#include "caller.h"

void _start(void)
{{
	k_long result;
	START;
	strings[0] = POINTER(first_string);
	strings[1] = POINTER(second_string);
	{calls}
	/* The output itself is the last syscall but one. */
	enter(WRITE, 1, POINTER(output), written, 0, 0, 0);
	enter(EXIT, written == sizeof(output), 0, 0, 0, 0, 0);
}}
"""
