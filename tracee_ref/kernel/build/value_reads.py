# SPDX-License-Identifier: Apache-2.0
"""C text that reads the values at sources of declared events, by the kernel's BTF."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

from ...events.declarations import Cast, Step, ValueSource
from .btf import AGGREGATES, KIND_ARRAY, KIND_PTR, Btf, Member

BITS: Final = 8
WORD_BYTES: Final = 8
SIZES: Final = (1, 2, 4, 8)


class MissingTypeError(Exception):
    """The running kernel lacks what a declaration names; the message goes after 'needs'."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A C expression, with the BTF id of its type, or that of the structure it points to."""

    text: str
    type: int
    struct: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """Kernel memory at an offset (bytes) from a base; ``field`` is set for a bit field."""

    base: str
    offset: int
    type: int
    field: Member | None = None


Location: TypeAlias = "Expression | Memory"


class RootValue(NamedTuple):
    """The value of a root.  It is copied to a variable if it has a ``name``.

    ``before`` is a line of C that must precede its first use, if any.
    """

    value: Expression
    name: str = ""
    before: str = ""


Roots: TypeAlias = Callable[[str], RootValue]
"""Returns the value of a root by its name; raises MissingTypeError."""


class ValueReader:
    """Reader of the sources of one program.  What several sources have in common is read once.

    ``used_once`` are roots that one source is, which need no variable.  ``variables`` are lines of
    C that declare those of other roots, ``pointers`` those of pointers in structures, ``before``
    lines that precede the use of what was located last.
    """

    def __init__(self, btf: Btf, roots: Roots, used_once: Container[str] = ()) -> None:
        self.variables: list[str] = []
        self.pointers: list[str] = []
        self.before: list[str] = []
        self._btf = btf
        self._roots = roots
        self._used_once = used_once
        self._known: dict[str, Expression] = {}

    def without_lines(self) -> ValueReader:
        """Return a reader with the same roots that has read nothing yet."""
        return ValueReader(self._btf, self._roots)

    def locate(self, source: ValueSource) -> Location:
        """Return where the value of a source is; raises MissingTypeError."""
        at: Location = self._root(source.root)
        passed = ValueSource(source.root)
        for step in source.steps:
            at = self._step(at, step, passed)
            passed = ValueSource(source.root, (*passed.steps, step))
        return at

    def number(self, at: Location, width: int = WORD_BYTES) -> str:
        """Return the C expression of a number or pointer, of which ``width`` bytes are used."""
        if isinstance(at, Expression):
            return self._truncated(at, width)
        type_, offset = self._unwrapped(at.type)
        if at.field and at.field.bits:
            return self._bit_field(at, at.field)
        return self._read(Memory(at.base, at.offset + offset, type_))

    def pointer(self, at: Location) -> str:
        """Return the C expression of a pointer, or of the address of an array or structure."""
        if isinstance(at, Expression):
            return at.text
        if self._btf.kind(self._btf.strip(at.type)) in (*AGGREGATES, KIND_ARRAY):
            return f"({at.base} + {at.offset})"
        return self._loaded(at).text

    def is_array(self, at: Location) -> bool:
        """Whether an array is at a location, not a pointer to one."""
        btf = self._btf
        return isinstance(at, Memory) and btf.kind(btf.strip(at.type)) == KIND_ARRAY

    def struct_at(self, at: Location) -> tuple[str, bool]:
        """Return the name of the structure at a location, and whether a pointer to it is there."""
        btf = self._btf
        if isinstance(at, Expression) and at.struct:
            return btf.name(at.struct), True
        stripped = btf.strip(at.type)
        if btf.kind(stripped) == KIND_PTR:
            return btf.name(btf.target(stripped)), True
        return (btf.name(stripped) if btf.kind(stripped) in AGGREGATES else ""), False

    def _root(self, name: str) -> Expression:
        if name in self._known:
            return self._known[name]
        value, variable, before = self._roots(name)
        if before and before not in self._known:
            self.before.append(before)
            self._known[before] = value
        if variable and name not in self._used_once:
            self.variables.append(f"\tu64 {variable} = {value.text};")
            value = replace(value, text=variable)
        self._known[name] = value
        return value

    def _step(self, at: Location, step: Step, passed: ValueSource) -> Location:
        if isinstance(step, int):
            return self._element(at, step, passed)
        if isinstance(step, Cast):
            struct = self._btf.structure(step.struct)
            if struct < 0:
                raise MissingTypeError(f"the kernel structure {step.struct}")
            return Expression(self.pointer(at), 0, struct)
        struct, base, offset = self._structure(at, passed)
        member = self._btf.field(struct, step)
        if member is None:
            raise MissingTypeError(f"the field {step} of struct {self._btf.name(struct) or passed}")
        return Memory(base, offset + member.offset // BITS, member.type, member)

    def _structure(self, at: Location, passed: ValueSource) -> tuple[int, str, int]:
        """Return the structure at a location: its type, the base and the offset."""
        btf = self._btf
        if isinstance(at, Memory) and btf.kind(btf.strip(at.type)) in AGGREGATES:
            return btf.strip(at.type), at.base, at.offset
        value = self._loaded(at)
        struct = value.struct or self._pointed_to(value)
        if btf.kind(struct) not in AGGREGATES:
            raise MissingTypeError(f"fields in {passed}, which is no structure here")
        return struct, value.text, 0

    def _pointed_to(self, value: Expression) -> int:
        stripped = self._btf.strip(value.type)
        return self._btf.target(stripped) if self._btf.kind(stripped) == KIND_PTR else 0

    def _element(self, at: Location, index: int, passed: ValueSource) -> Memory:
        btf = self._btf
        if isinstance(at, Memory) and self.is_array(at):
            element, count = btf.element(at.type)
            if count and index >= count:
                raise MissingTypeError(f"an element {index} in {passed}")
            return Memory(at.base, at.offset + index * btf.size_of(element), element)
        value = self._loaded(at)
        target = value.struct or self._pointed_to(value)
        if not target:
            raise MissingTypeError(f"elements in {passed}, which is no array here")
        return Memory(value.text, index * btf.size_of(target), target)

    def _loaded(self, at: Location) -> Expression:
        """Return the pointer at a location, read once."""
        if isinstance(at, Expression):
            return at
        text = self._read(at)
        if text not in self._known:
            name = f"at_{len(self._known)}"
            self.pointers.append(f"\tu64 {name} = {text};")
            self._known[text] = Expression(name, at.type)
        return self._known[text]

    def _read(self, at: Memory) -> str:
        size = self._btf.size_of(at.type)
        if size not in SIZES:
            raise MissingTypeError(f"a number of at most {WORD_BYTES} bytes where one of {size} is")
        return f"READ_AT({self._c_type(at.type)}, {at.base}, {at.offset})"

    def _bit_field(self, at: Memory, field: Member) -> str:
        shift = field.offset % BITS
        size = next((s for s in SIZES if s * BITS >= shift + field.bits), WORD_BYTES)
        word = f"READ_AT(u{size * BITS}, {at.base}, {at.offset})"
        return f"({word} >> {shift} & {(1 << field.bits) - 1:#x}ULL)"

    def _unwrapped(self, type_: int) -> tuple[int, int]:
        """Return the number in structures of one field (kuid_t, atomic_t), and its offset."""
        stripped, offset = self._btf.strip(type_), 0
        while self._btf.kind(stripped) in AGGREGATES:
            members = self._btf.members(stripped)
            if not members:
                break
            offset += members[0].offset // BITS
            stripped = self._btf.strip(members[0].type)
        return stripped, offset

    def _truncated(self, value: Expression, width: int) -> str:
        """Return a register, of which only the bytes of its type are defined."""
        if value.struct or not value.type:
            return value.text
        type_, _ = self._unwrapped(value.type)
        if self._btf.size_of(type_) >= width:
            return value.text
        return f"({self._c_type(type_)}){value.text}"

    def _c_type(self, type_: int) -> str:
        sign = "s" if self._btf.is_signed(type_) else "u"
        return f"{sign}{self._btf.size_of(type_) * BITS}"
