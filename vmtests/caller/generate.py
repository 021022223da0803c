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
    IPC_CALLS,
    IPC_REGISTERS,
    LEFT_OUT,
    SOCKADDR_TEXT,
    SOCKETCALLS,
    STRINGS_TEXT,
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
