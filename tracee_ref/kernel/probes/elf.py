# SPDX-License-Identifier: Apache-2.0
"""Functions and static probes (USDT) of ELF files, by their offsets in the file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct, error
from typing import Any, BinaryIO, Final, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection, SymbolTableSection

from ...errors import HostCode, HostError

READ_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
SYMBOL_TABLES: Final = (".symtab", ".dynsym")
FUNCTION: Final = "STT_FUNC"
INDIRECT: Final = ("STT_LOOS", "STT_GNU_IFUNC")
"""STT_GNU_IFUNC is the first of the operating system's, by which name pyelftools calls it."""

UNDEFINED: Final = ("SHN_UNDEF", "SHN_ABS")
VERSION: Final = "@"
"""Before the version of a symbol (malloc@@GLIBC_2.2.5)."""

NOTE_SECTION: Final = ".note.stapsdt"
BASE_SECTION: Final = ".stapsdt.base"
"""Its address, which a linker that moves sections changes with those of the probes."""

NOTE_OWNER: Final = "stapsdt"
ADDRESSES: Final = Struct("<3Q")
"""Of the probe, of the base, and of the semaphore (0 for none)."""

MALFORMED: Final = (
    ELFError, error, AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError,
)  # fmt: skip
"""What pyelftools raises for a file that is cut or broken."""

MACHINES: Final = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}


class StaticProbe(NamedTuple):
    """One of the places of a static probe; ``arguments`` are as the assembler has them."""

    provider: str
    name: str
    offset: int
    semaphore: int
    arguments: str


class ElfFile:
    """An ELF file; raises HostError if it is one for another machine, MALFORMED if it is none."""

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._elf = ELFFile(file)
        machine = self._elf["e_machine"]
        if machine != MACHINES.get(os.uname().machine):
            raise HostError(HostCode.SYSTEM, f"{path}: an ELF file for another machine ({machine})")

    def functions(self) -> dict[str, int | None]:
        """Return the offset of each function by its name.

        None stands for a function whose code is chosen when a program starts (IFUNC).
        """
        found: dict[str, int | None] = {}
        for symbol in self._symbols():
            name = symbol.name.partition(VERSION)[0]
            kind, address = symbol["st_info"]["type"], symbol["st_value"]
            if not name or symbol["st_shndx"] in UNDEFINED:
                continue
            if kind in INDIRECT:
                found[name] = None
            elif kind == FUNCTION and (offset := self._offset(address)) is not None:
                found.setdefault(name, offset)
        return found

    def static_probes(self) -> Iterator[StaticProbe]:
        """Yield the places of all static probes."""
        section = self._elf.get_section_by_name(NOTE_SECTION)
        base = self._elf.get_section_by_name(BASE_SECTION)
        for note in section.iter_notes() if isinstance(section, NoteSection) else ():
            if note["n_name"] == NOTE_OWNER:
                yield self._static_probe(note["n_descdata"], base["sh_addr"] if base else 0)

    def _static_probe(self, data: bytes, base: int) -> StaticProbe:
        address, linked_base, semaphore = ADDRESSES.unpack_from(data)
        moved = base - linked_base if base else 0
        provider, name, arguments = data[ADDRESSES.size :].decode(errors="replace").split("\0")[:3]
        return StaticProbe(
            provider,
            name,
            self._offset(address + moved) or 0,
            (self._offset(semaphore + moved) or 0) if semaphore else 0,
            arguments,
        )

    def _symbols(self) -> Iterator[Any]:
        for name in SYMBOL_TABLES:
            section = self._elf.get_section_by_name(name)
            if isinstance(section, SymbolTableSection):
                yield from section.iter_symbols()

    def _offset(self, address: int) -> int | None:
        """Return the offset in the file of what is loaded at an address; None if nothing is."""
        for segment in self._elf.iter_segments("PT_LOAD"):
            start, size = segment["p_vaddr"], segment["p_filesz"]
            if start <= address < start + size:
                return int(address - start + segment["p_offset"])
        return None


@contextmanager
def opened_elf(path: str) -> Iterator[ElfFile]:
    """Open an ELF file; raises HostError if it cannot be read, or is none."""
    try:
        descriptor = os.open(path, READ_FLAGS)
    except (OSError, ValueError) as reason:
        text = reason.strerror if isinstance(reason, OSError) else str(reason)
        raise HostError(HostCode.SYSTEM, f"{path}: {text}; give the path of a program") from reason
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise HostError(HostCode.SYSTEM, f"{path}: not a regular file; give the path of a program")
    with os.fdopen(descriptor, "rb") as file:
        try:
            yield ElfFile(path, file)
        except MALFORMED as reason:
            text = f"{path}: not an ELF file ({reason or type(reason).__name__})"
            raise HostError(HostCode.SYSTEM, text) from reason
