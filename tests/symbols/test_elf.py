# SPDX-License-Identifier: Apache-2.0
"""Exported symbols of ELF files, those that their writers forged among them."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from tracee_ref.symbols.elf import NoSymbolsError, exported_symbols

SOURCE = """
int shared = 1;
int doubled(void) { return 2 * shared; }
__attribute__((weak)) int weakly(void) { return 1; }
__attribute__((visibility("hidden"))) int hidden(void) { return 3; }
static int local(void) { return 4; }
int calls(void) { extern int elsewhere(void); return elsewhere() + hidden() + local(); }
"""
EXPORTED = {"shared", "doubled", "weakly", "calls"}


def built(directory: Path, *flags: str) -> Path:
    library = directory / f"lib{len(flags)}.so"
    source = directory / "source.c"
    source.write_text(SOURCE)
    command = ["gcc", "-shared", "-fPIC", "-nostdlib", "-o", str(library), str(source), *flags]
    subprocess.run(command, check=True)
    return library


def symbols(path: Path) -> frozenset[str]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return exported_symbols(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("style", ["gnu", "sysv", "both"])
@pytest.mark.parametrize("bits", ["-m64", "-m32"])
def test_exported_symbols(tmp_path: Path, style: str, bits: str) -> None:
    """Defined global and weak symbols, by either hash table."""
    assert symbols(built(tmp_path, bits, f"-Wl,--hash-style={style}")) == EXPORTED


def test_exported_symbols_no_sections(tmp_path: Path) -> None:
    """The loader needs no sections; nor does who hides his symbols."""
    library = built(tmp_path)
    data = bytearray(library.read_bytes())
    for forged in (bytes(8), b"\xff" * 8, b"\x07" + bytes(7)):
        data[40:48] = forged
        data[60:64] = b"\xff\xff\xff\xfe"
        library.write_bytes(data)
        assert symbols(library) == EXPORTED


def test_exported_symbols_none(tmp_path: Path) -> None:
    """A file that is no ELF file has none."""
    file = tmp_path / "text"
    for content in (b"", b"\x7fELF", b"no ELF file" * 9):
        file.write_bytes(content)
        with pytest.raises(NoSymbolsError):
            symbols(file)
    file.write_bytes(b"\x7fELF\x02\x01\x01".ljust(64, b"\0"))
    assert symbols(file) == frozenset()


def test_exported_symbols_forged(tmp_path: Path) -> None:
    """Whatever bytes are there, the result is symbols or one error, soon."""
    library = built(tmp_path)
    original = library.read_bytes()
    drawn = random.Random(7)
    for _ in range(300):
        data = bytearray(original)
        for _ in range(drawn.randrange(1, 8)):
            at = drawn.randrange(0x1000 if drawn.random() < 0.8 else len(data))
            data[at : at + 4] = drawn.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", drawn.randbytes(4)])
        library.write_bytes(data)
        try:
            found = symbols(library)
        except NoSymbolsError:
            continue
        assert len(found) < 100
