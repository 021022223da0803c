# SPDX-License-Identifier: Apache-2.0
"""Generator of C programs that make every harmless syscall of an ABI.

Values are different for each argument, and invalid, so that no syscall has an effect: negative
descriptors and ids, addresses that are not mapped, paths that no machine has.  C's own types decide
what the program prints of them.  What a 32-bit syscall needs two words for is written here from
the kernel's prototypes (include/linux/syscalls.h), not taken from the tracer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tracee_ref.events.argument_types import OUTPUT_BUFFERS
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition, all_events
from vmtests.caller.values import (
    C_TYPES,
    CHANGES_IDS,
    FIXED,
    GIVEN,
    IPC_CALLS,
    IPC_REGISTERS,
    LEFT_OUT,
    LENGTHS,
    SOCKADDR_TEXT,
    SOCKETCALLS,
    STRINGS_TEXT,
    STRUCTURES,
    VALUES_32,
    VALUES_64,
    WIDE,
    Machine,
)


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
        return PROGRAM.format(structures=declarations(), calls="\n\t".join(lines))

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
        if (name, argument.name) in GIVEN:
            return self._structure(structure_of(kind), GIVEN[name, argument.name])
        if (name, argument.name) in LENGTHS:
            return Value(f"NUMBER({C_TYPES[kind]}, given)", ["given"])
        if (name, argument.name) == ("futex_waitv", "nr_futexes"):
            return Value("NUMBER(k_uint, 2)", ["2"])
        if argument.name == "addrlen" and kind == "int":
            return Value("NUMBER(k_int, 16)", ["16"])
        return self._number(name, argument)

    def _structure(self, name: str, count: int) -> Value:
        """Return a value that the program fills when it prints it."""
        steps = [f"given = sizeof({name}[0])"]
        for index in range(count):
            steps.append(f'say("{"|" if index else TAB}")')
            for position, (kind, member) in enumerate(STRUCTURES[name]):
                self._serial += 1
                target = f"{name}[{index}].{member.partition('[')[0]}"
                first = "" if position == 0 else ","
                steps += assigned(kind, target, self._serial, f"{first}{member.partition('[')[0]}=")
        return Value(f"({', '.join(steps)})", [f"POINTER({name})"])

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


def structure_of(kind: str) -> str:
    """Return the name of the structure that a type points to."""
    return kind.removeprefix("const ").removeprefix("struct ").rstrip("*")


def assigned(kind: str, target: str, serial: int, label: str) -> list[str]:
    """Return the expressions that set a member and print it."""
    printed = [f'say("{label}")']
    if kind == "char":  # it has its text from the start
        return [*printed, f"say({target})"]
    value = MEMBER_VALUES[kind].format(serial)
    if target.endswith("].size") and kind == "u32" and "xattr" not in target:
        value = "given"
    say = "say_signed" if kind.startswith("s") else "say_unsigned"
    return [f"{target} = {value}", *printed, f"{say}({target})"]


def declarations() -> str:
    """Return the structures that syscalls are given, two of each."""
    texts = []
    for name, fields in STRUCTURES.items():
        inner = " ".join(f"{C_MEMBERS.get(kind, kind)} {member};" for kind, member in fields)
        initial = ' = {{.ctx = "context"}}' if name == "lsm_ctx" else ""
        texts.append(f"static struct {name} {{ {inner} }} {name}[2]{initial};")
    return "\n".join(texts)


def enter(number: int, words: Sequence[str]) -> str:
    """Return the statements that make a syscall and print its result."""
    padded = [*words, *["0"] * (6 - len(words))]
    return f"result = enter({number}, {', '.join(padded)}); end_of_call(result);"


def changes_ids(name: str) -> bool:
    """Return whether a syscall may change the user of the program."""
    return CHANGES_IDS.fullmatch(name) is not None


TAB: Final = "\\t"
C_MEMBERS: Final = {"u32": "k_uint", "s32": "k_int"}
MEMBER_VALUES: Final = {
    "u32": "0xf1230000u + {0}", "s32": "-{0}", "s64": "-(0x1234567800000000ll + {0})",
    "u64": "0xf234567812340000ull + {0}",
}  # fmt: skip
"""Types of members in C, and their values."""

PROGRAM: Final = """\
#include "caller.h"

{structures}
static k_ulong given; /* length of the last one */

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
