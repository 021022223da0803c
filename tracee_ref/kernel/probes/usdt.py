# SPDX-License-Identifier: Apache-2.0
"""Locations of the arguments of static probes, as assembled for x86-64.

``-4@%edi 8@-16(%rbp,%rax,8) 4@$5`` is a signed number of 4 bytes in a register, one of 8 bytes in
memory, and a constant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ...events.probe_hooks import ValueLocation

ARGUMENT: Final = re.compile(r"(?P<size>-?[1248])@(?P<operand>\S+)")
CONSTANT: Final = re.compile(r"\$(-?(?:0x[0-9a-f]+|\d+))")
REGISTER: Final = re.compile(r"%(\w+)")
MEMORY: Final = re.compile(
    r"(?P<offset>-?(?:0x[0-9a-f]+|\d+))?\((?:%(?P<base>\w+))?(?:,%(?P<index>\w+)(?:,(?P<scale>[1248]))?)?\)"
)
LEGACY: Final = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")
NUMBERED: Final = tuple(f"r{number}" for number in range(8, 16))


def _names() -> Iterator[tuple[str, str]]:
    """Give the assembler's names of the registers, each with that in ``struct pt_regs``."""
    for field in LEGACY:
        low = f"{field[0]}l" if field.endswith("x") else f"{field}l"
        yield from ((name, field) for name in (f"r{field}", f"e{field}", field, low))
    for field in NUMBERED:
        yield from ((field + suffix, field) for suffix in ("", "d", "w", "b"))


REGISTERS: Final = {**dict(_names()), "rip": "ip"}
"""Registers that can hold an argument; ``ah`` and its like are not used."""

USER_REGISTERS: Final = tuple(dict.fromkeys(REGISTERS.values()))
TYPES: Final = {
    -1: "s8", 1: "u8", -2: "s16", 2: "u16", -4: "int", 4: "u32", -8: "long", 8: "u64",
}  # fmt: skip


def argument_locations(text: str) -> dict[int, tuple[str, ValueLocation]]:
    """Return the C type and the location of each argument by its index.

    Those in an unknown form (numbers with a fraction, variables) are left out.
    """
    found = {index: _argument(argument) for index, argument in enumerate(text.split())}
    return {index: argument for index, argument in found.items() if argument}


def _argument(text: str) -> tuple[str, ValueLocation] | None:
    argument = ARGUMENT.fullmatch(text)
    if argument is None:
        return None
    number = int(argument["size"])
    location = _location(argument["operand"], abs(number), signed=number < 0)
    return (TYPES[number], location) if location else None


def _location(operand: str, size: int, *, signed: bool) -> ValueLocation | None:
    if constant := CONSTANT.fullmatch(operand):
        return ValueLocation(size, signed, offset=int(constant[1], 0))
    if register := REGISTER.fullmatch(operand):
        field = REGISTERS.get(register[1])
        return ValueLocation(size, signed, base=field) if field else None
    memory = MEMORY.fullmatch(operand)
    if memory is None:
        return None
    names = [memory["base"], memory["index"]]
    if not any(names) or not _known(name for name in names if name):
        return None
    base, index = (REGISTERS.get(name or "", "") for name in names)
    offset, scale = int(memory["offset"] or "0", 0), int(memory["scale"] or 1)
    return ValueLocation(size, signed, None, base, index, scale, offset, memory=True)


def _known(names: Iterable[str]) -> bool:
    return all(name in REGISTERS for name in names)
