# SPDX-License-Identifier: Apache-2.0
"""Structures and functions of the running kernel, from its BTF by libbpf.

Only the fields that ``bpf/`` reads are declared, at their real offsets: a full dump conflicts
with BCC's own copy of the BPF interface, and takes seconds to compile.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ...errors import EXHAUSTED, HostCode, HostError
from .libbpf import libbpf

SYSFS: Final = Path("/sys/kernel")
VMLINUX: Final = Path("/sys/kernel/btf/vmlinux")

KIND_INT, KIND_PTR, KIND_ARRAY, KIND_STRUCT, KIND_UNION, KIND_ENUM = 1, 2, 3, 4, 5, 6
KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_TYPE_TAG = 8, 9, 10, 11, 18
KIND_FORWARD, KIND_FUNC, KIND_FUNC_PROTO, KIND_ENUM64 = 7, 12, 13, 19
SIGNED: Final = 1 << 24
"""In the word of an integer (BTF_INT_SIGNED)."""

MODIFIERS: Final = {KIND_TYPEDEF, KIND_VOLATILE, KIND_CONST, KIND_RESTRICT, KIND_TYPE_TAG}
AGGREGATES: Final = {KIND_STRUCT, KIND_UNION}

QUALIFIERS: Final = {
    KIND_CONST: "const ", KIND_VOLATILE: "volatile ", KIND_RESTRICT: "", KIND_TYPE_TAG: "",
}  # fmt: skip
TAGS: Final = {
    KIND_STRUCT: "struct ", KIND_UNION: "union ", KIND_ENUM: "enum ", KIND_ENUM64: "enum ",
    KIND_FORWARD: "struct ",
}  # fmt: skip
BASE_TYPES: Final = {
    "long int": "long", "long unsigned int": "unsigned long", "_Bool": "bool",
    "long long int": "long long", "long long unsigned int": "unsigned long long",
    "short int": "short", "short unsigned int": "unsigned short",
}  # fmt: skip
"""Types as the kernel's sources have them, by the names that compilers give them."""

Fields = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Structure name -> our field name -> the kernel's names of the field, newest last."""


class TypeHeader(NamedTuple):
    """The ``struct btf_type`` of a type (linux/btf.h); structures have a size for ``type``."""

    name_offset: int
    info: int
    type: int

    @property
    def kind(self) -> int:
        """The BTF_KIND (BTF_INFO_KIND)."""
        return self.info >> 24 & 0x1F

    @property
    def length(self) -> int:
        """Number of members, enumerators or arguments (BTF_INFO_VLEN)."""
        return self.info & 0xFFFF

    @property
    def has_bitfields(self) -> bool:
        """Whether offsets of members have the size of a bit field above them."""
        return bool(self.info >> 31)


HEADER_WORDS: Final = len(TypeHeader._fields)


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a structure; ``offset`` is in bits from the start.

    ``bits`` is the width of a bit field, 0 for other fields.
    """

    name: str
    type: int
    offset: int
    bits: int = 0


class Prototype(NamedTuple):
    """Arguments of a function, as (name, BTF id of the type), and the type it returns (0: none)."""

    arguments: tuple[tuple[str, int], ...]
    returns: int


class Btf:
    """BTF of a kernel; raises HostError if it cannot be read."""

    def __init__(self, path: Path = VMLINUX) -> None:
        if not path.exists():
            if not SYSFS.exists():
                raise HostError(HostCode.KERNEL, "/sys is not mounted; mount -t sysfs sysfs /sys")
            raise HostError(
                HostCode.KERNEL,
                f"{path}: not found; this kernel has no BTF (it needs CONFIG_DEBUG_INFO_BTF=y)",
            )
        self._lib = libbpf()
        self._btf = self._lib.btf__parse(str(path).encode(), None)
        if not self._btf:
            if (error := ctypes.get_errno()) in EXHAUSTED:
                raise OSError(error, os.strerror(error))
            raise HostError(
                HostCode.PRIVILEGE,
                f"{path}: cannot be read as BTF; run as root on a kernel with BTF",
            )
        self._members_of: dict[int, list[Member]] = {}
        self._ids: dict[tuple[str, int], int] = {}

    def declarations(self, structures: Fields) -> str:
        """Return C declarations of structures with fields at their real offsets."""
        return "\n".join(self._declare(name, fields) for name, fields in structures.items())

    def has(self, struct: str, field: str) -> bool:
        """Whether the structure exists and has the field."""
        return self._locate(struct, field) is not None

    def size(self, struct: str) -> int:
        """Return the size of a structure in bytes; negative if it does not exist."""
        size: int = self._lib.btf__resolve_size(self._btf, self.structure(struct))
        return size

    def structure(self, name: str) -> int:
        """Return the BTF id of a structure; negative if it does not exist."""
        return self._find(name, KIND_STRUCT)

    def function(self, name: str) -> int | None:
        """Return the BTF id of a function; None if it does not exist."""
        type_id = self._find(name, KIND_FUNC)
        return type_id if type_id > 0 else None

    def arguments(self, function: str) -> int:
        """Return the number of a function's arguments; raises HostError if it does not exist."""
        type_id = self.function(function)
        if type_id is None:
            raise HostError(
                HostCode.KERNEL,
                f"this kernel's BTF has no function {function}; it is not supported",
            )
        return self._header(self._header(type_id).type).length

    def prototype(self, function: str) -> Prototype | None:
        """Return the prototype of a function; None if it does not exist."""
        type_id = self.function(function)
        if type_id is None:
            return None
        proto = self._header(type_id).type
        header = self._header(proto)
        words = self._words_after(proto, 2 * header.length)
        pairs = (words[at : at + 2] for at in range(0, len(words), 2))
        return Prototype(tuple((self._text(name), type_) for name, type_ in pairs), header.type)

    def field(self, type_id: int, name: str) -> Member | None:
        """Return a field of a structure or union, also of an unnamed one in it."""
        return self._member(type_id, name)

    def target(self, type_id: int) -> int:
        """Return the BTF id of the type that a pointer points to, without modifiers; 0 for void."""
        return self.strip(self._header(self.strip(type_id)).type)

    def element(self, type_id: int) -> tuple[int, int]:
        """Return the type of the elements of an array, and their number."""
        element, _, count = self._words_after(self.strip(type_id), 3)
        return element, count

    def size_of(self, type_id: int) -> int:
        """Return the size of a type in bytes; negative if it has none."""
        size: int = self._lib.btf__resolve_size(self._btf, type_id)
        return size

    def name(self, type_id: int) -> str:
        """Return the name of a type; empty if it has none."""
        return self._text(self._header(type_id).name_offset) if type_id else ""

    def spelling(self, type_id: int) -> str:
        """Return a type as C has it, with the names of typedefs, such as ``const char*``."""
        kind, qualifiers = self.kind(type_id), ""
        while kind in QUALIFIERS:
            qualifiers += QUALIFIERS[kind]
            type_id = self._header(type_id).type
            kind = self.kind(type_id)
        if kind == KIND_PTR:
            target = self._header(type_id).type
            function = self.kind(self.strip(target)) == KIND_FUNC_PROTO
            return f"{'void' if function else self.spelling(target)}*{qualifiers.rstrip()}"
        name = self.name(type_id) if type_id else "void"
        return f"{qualifiers}{TAGS.get(kind, '')}{BASE_TYPES.get(name, name) or '(unnamed)'}"

    def is_signed(self, type_id: int) -> bool:
        """Whether a number has a sign; an enum has none."""
        stripped = self.strip(type_id)
        if self.kind(stripped) != KIND_INT:
            return False
        return bool(self._words_after(stripped, 1)[0] & SIGNED)

    def constant(self, enum: str, name: str) -> int:
        """Return the value of an enumerator; raises HostError if it does not exist."""
        type_id = self._find(enum, KIND_ENUM)
        if type_id >= 0:
            words = self._words_after(type_id, 2 * self._header(type_id).length)
            values = {self._text(words[at]): words[at + 1] for at in range(0, len(words), 2)}
            if name in values:
                return values[name]
        raise HostError(
            HostCode.KERNEL, f"this kernel's BTF has no {name} in enum {enum}; it is not supported"
        )

    def _find(self, name: str, kind: int) -> int:
        """Return the BTF id of a type, negative if it does not exist; cached, as libbpf scans."""
        if (name, kind) not in self._ids:
            found = self._lib.btf__find_by_name_kind(self._btf, name.encode(), kind)
            self._ids[name, kind] = found
        return self._ids[name, kind]

    def _declare(self, struct: str, fields: Mapping[str, tuple[str, ...]]) -> str:
        located = []
        for ours, spellings in fields.items():
            found = next(filter(None, (self._locate(struct, s) for s in spellings)), None)
            if found is None:
                raise HostError(
                    HostCode.KERNEL,
                    f"struct {struct} of this kernel has no field {' or '.join(spellings)}; "
                    "this kernel version is not supported yet",
                )
            located.append((found.offset // 8, self._c_type(found.type, ours), found.type))
        lines, end = [], 0
        for offset, declaration, type_id in sorted(located):
            if offset > end:
                lines.append(f"    char __pad_{end}[{offset - end}];")
            lines.append(f"    {declaration};")
            end = offset + self._lib.btf__resolve_size(self._btf, type_id)
        return f"struct {struct} {{\n" + "\n".join(lines) + "\n};"

    def _locate(self, struct: str, path: str) -> Member | None:
        type_id = self.structure(struct)
        if type_id < 0:
            raise HostError(
                HostCode.KERNEL, f"this kernel's BTF has no struct {struct}; it is not supported"
            )
        offset = 0
        for name in path.split("."):
            member = self._member(type_id, name)
            if member is None:
                return None
            offset, type_id = offset + member.offset, self.strip(member.type)
        return Member(path, member.type, offset) if member else None

    def _member(self, type_id: int, name: str) -> Member | None:
        for member in self.members(type_id):
            if member.name == name:
                return member
            if not member.name and (inner := self._inner_member(member, name)):
                return inner
        return None

    def _inner_member(self, unnamed: Member, name: str) -> Member | None:
        """Return a field of ``unnamed`` if that is a structure or union."""
        type_id = self.strip(unnamed.type)
        inner = self._member(type_id, name) if self.kind(type_id) in AGGREGATES else None
        if inner is None:
            return None
        return Member(name, inner.type, unnamed.offset + inner.offset, inner.bits)

    def members(self, type_id: int) -> list[Member]:
        """Return the fields of a structure, cached."""
        if type_id not in self._members_of:
            self._members_of[type_id] = list(self._read_members(type_id))
        return self._members_of[type_id]

    def _read_members(self, type_id: int) -> Iterator[Member]:
        header = self._header(type_id)
        words = self._words_after(type_id, 3 * header.length)
        for at in range(0, len(words), 3):
            name, type_, offset = words[at : at + 3]
            bits = offset >> 24 if header.has_bitfields else 0
            offset = offset & 0xFFFFFF if header.has_bitfields else offset
            yield Member(self._text(name), type_, offset, bits)

    def _c_type(self, type_id: int, name: str) -> str:
        stripped = self.strip(type_id)
        kind, size = self.kind(stripped), self._lib.btf__resolve_size(self._btf, stripped)
        if kind == KIND_PTR:
            target = self.strip(self._header(stripped).type)
            label = self._text(self._header(target).name_offset) if target else ""
            tagged = self.kind(target) == KIND_STRUCT and label
            return f"struct {label} *{name}" if tagged else f"void *{name}"
        if kind in (KIND_INT, KIND_ENUM) and size in (1, 2, 4, 8):
            return f"{'s' if self.is_signed(stripped) else 'u'}{size * 8} {name}"
        return f"char {name}[{size}]"

    def strip(self, type_id: int) -> int:
        """Return the type behind typedefs and qualifiers."""
        while self.kind(type_id) in MODIFIERS:
            type_id = self._header(type_id).type
        return type_id

    def kind(self, type_id: int) -> int:
        """Return the BTF_KIND of a type; 0 for void."""
        return self._header(type_id).kind if type_id else 0

    def _header(self, type_id: int) -> TypeHeader:
        return TypeHeader(*self._words(type_id, HEADER_WORDS))

    def _words_after(self, type_id: int, count: int) -> list[int]:
        """Return the words that follow the header of a type."""
        return self._words(type_id, HEADER_WORDS + count)[HEADER_WORDS:]

    def _words(self, type_id: int, count: int) -> list[int]:
        address = self._lib.btf__type_by_id(self._btf, type_id)
        return list((ctypes.c_uint32 * count).from_address(address))

    def _text(self, offset: int) -> str:
        text: bytes = self._lib.btf__name_by_offset(self._btf, offset)
        return text.decode()
