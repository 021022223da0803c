# SPDX-License-Identifier: Apache-2.0
"""Exported symbols of an ELF file, as the dynamic loader finds them.

Whoever loads the file has written it.  So only what the loader uses counts (program headers and
the dynamic segment, no sections), all sizes are limited, and the file is not mapped: it could be
truncated meanwhile.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import IO, Final, NamedTuple, cast

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from ..strings import text_of

SEGMENTS_MAX: Final = 1170
"""Program headers of a file that the kernel executes: 64 KiB."""

DYNAMIC_BYTES_MAX: Final = 1 << 16
SYMBOLS_MAX: Final = 1 << 18
STRINGS_BYTES_MAX: Final = 1 << 25
NAME_BYTES_MAX: Final = 1 << 12

PT_DYNAMIC: Final = "PT_DYNAMIC"
DT_NULL, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_GNU_HASH = 0, 4, 5, 6, 10, 0x6FFFFEF5
SECTION_FIELDS: Final = {1: ((32, 36), (46, 52)), 2: ((40, 48), (58, 64))}
"""Ranges of the ELF header about sections, by its class: the loader does not read them."""

BINDINGS: Final = (1, 2, 10)
"""STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE, in the upper half of ``st_info``."""

NOT_DEFINED: Final = (0, 0xFFF1)
"""SHN_UNDEF; SHN_ABS, which names of versions have."""

VISIBLE: Final = (0, 3)
"""STV_DEFAULT, STV_PROTECTED, in the low bits of ``st_other``."""


class NoSymbolsError(Exception):
    """A file is no ELF file, or has tables that the loader would refuse, or too large ones."""


class Layouts(NamedTuple):
    """Structures of an ELF class; a symbol is unpacked as name, info, other and section."""

    tag: Struct
    symbol: Struct
    word: Struct
    bloom_bytes: int


def layouts(elf: ELFFile) -> Layouts:
    """Return the structures of a file."""
    order = "<" if elf.little_endian else ">"
    wide = elf.elfclass == 64
    tag, symbol = ("qQ", "IBBH16x") if wide else ("iI", "I8xBBH")
    word = Struct(order + "I")
    return Layouts(Struct(order + tag), Struct(order + symbol), word, 8 if wide else 4)


class LoadedFile(io.RawIOBase):
    """The bytes of a file as the loader sees them: those about sections are zeros."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._at = 0
        start = bytearray(os.pread(descriptor, 64, 0))
        for first, end in SECTION_FIELDS.get(start[4] if len(start) > 4 else 0, ()):
            start[first:end] = bytes(end - first)
        self._start = bytes(start)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Set the position."""
        ends = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}
        base = ends[whence] if whence in ends else os.fstat(self._descriptor).st_size
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return bytes from the position on; raises NoSymbolsError for too many."""
        if size is None or not 0 <= size <= STRINGS_BYTES_MAX:
            raise NoSymbolsError(f"{size} bytes at once")
        data = os.pread(self._descriptor, size, self._at)
        if self._at < len(self._start):
            data = self._start[self._at : self._at + size] + data[len(self._start) - self._at :]
        self._at += len(data)
        return data


def exported_symbols(descriptor: int) -> frozenset[str]:
    """Return the names of the symbols that an ELF file defines for others.

    Raises NoSymbolsError, or OSError.
    """
    try:
        return frozenset(DynamicSymbols(LoadedFile(descriptor)).names())
    except (ELFError, ValueError, KeyError, IndexError, OverflowError, TypeError) as error:
        raise NoSymbolsError(str(error)) from error
    except Exception as error:  # of the library that pyelftools has within itself
        if type(error).__module__.startswith("elftools."):
            raise NoSymbolsError(str(error)) from error
        raise


class DynamicSymbols:
    """The symbol table that the dynamic segment of a file points to."""

    def __init__(self, file: LoadedFile) -> None:
        self._file = file
        self._elf = ELFFile(cast("IO[bytes]", file))
        self._layouts = layouts(self._elf)
        if self._elf.num_segments() > SEGMENTS_MAX:
            raise NoSymbolsError("too many segments")
        self._tags = self._dynamic_tags()

    def names(self) -> Iterator[str]:
        """Yield the names of the exported symbols; raises NoSymbolsError for too many."""
        count = min(self._count(), SYMBOLS_MAX + 1)
        if count > SYMBOLS_MAX:
            raise NoSymbolsError("too many symbols")
        if not count:
            return
        strings = self._read(self._tags[DT_STRTAB], self._tags[DT_STRSZ])
        symbol, left = self._layouts.symbol, STRINGS_BYTES_MAX
        table = self._read(self._tags[DT_SYMTAB], count * symbol.size)
        for name, info, other, section in symbol.iter_unpack(table):
            if section in NOT_DEFINED or info >> 4 not in BINDINGS or other & 3 not in VISIBLE:
                continue
            end = strings.find(b"\0", name, name + NAME_BYTES_MAX)
            left -= end - name
            if left < 0:
                raise NoSymbolsError("too long names")
            if end > name:
                yield text_of(strings[name:end])

    def _dynamic_tags(self) -> Mapping[int, int]:
        for index in range(self._elf.num_segments()):
            segment = self._elf.get_segment(index)
            if segment["p_type"] == PT_DYNAMIC:
                size = min(segment["p_filesz"], DYNAMIC_BYTES_MAX)
                data = self._at(segment["p_offset"], size - size % self._layouts.tag.size)
                tags = self._layouts.tag.iter_unpack(data)
                return dict(self._before_null(tags))
        return {}

    @staticmethod
    def _before_null(tags: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for tag, value in tags:
            if tag == DT_NULL:
                return
            yield tag, value

    def _count(self) -> int:
        """Return the number of symbols, of which only hash tables tell."""
        if DT_GNU_HASH in self._tags:
            return self._gnu_count(self._tags[DT_GNU_HASH])
        if DT_HASH in self._tags:
            _, chains = self._words(self._tags[DT_HASH], 2)
            return chains
        return 0

    def _gnu_count(self, address: int) -> int:
        buckets, first, blooms, _ = self._words(address, 4)
        if max(buckets, blooms) > SYMBOLS_MAX:
            raise NoSymbolsError("too many buckets")
        start = address + 16 + blooms * self._layouts.bloom_bytes
        last = max(self._words(start, buckets), default=0)
        if last < first:
            return 0
        chain = start + 4 * (buckets + last - first)
        for words in range(SYMBOLS_MAX):
            if words % 256 == 0:
                hashes = self._words(chain + 4 * words, 256, whole=False)
            if words % 256 >= len(hashes):
                raise NoSymbolsError("a chain without end")
            if hashes[words % 256] & 1:
                return last + words + 1
        return SYMBOLS_MAX + 1

    def _words(self, address: int, count: int, *, whole: bool = True) -> list[int]:
        data = self._read(address, 4 * count, whole=whole)
        return [word for (word,) in self._layouts.word.iter_unpack(data[: len(data) & ~3])]

    def _read(self, address: int, size: int, *, whole: bool = True) -> bytes:
        """Return bytes by their address in memory; raises NoSymbolsError if they are not there."""
        offset = next(iter(self._elf.address_offsets(address)), None)
        if offset is None:
            raise NoSymbolsError(f"no segment has the address {address:#x}")
        return self._at(offset, size, whole=whole)

    def _at(self, offset: int, size: int, *, whole: bool = True) -> bytes:
        self._file.seek(offset)
        data = self._file.read(size)
        if whole and len(data) < size:
            raise NoSymbolsError("the file is too short")
        return data
