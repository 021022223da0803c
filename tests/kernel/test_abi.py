# SPDX-License-Identifier: Apache-2.0
"""The generated headers of the BPF programs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tracee_ref.abi import HEADER, LAYOUTS, Enumerator, Layout
from tracee_ref.errors import HostError
from tracee_ref.events.catalogue import all_events, load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.build.btf import Btf
from tracee_ref.kernel.build.compiler import compile_text
from tracee_ref.kernel.build.program import Program
from tracee_ref.model.scope import Key
from tracee_ref.tables import compile_tables
from tracee_ref.tables.masks import MaskTable

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "bpf" / "generated"
REMEDY = "run .venv/bin/python tools/make_abi.py"
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_abi.py"))
ABI = (GENERATED / "abi.h").read_text(encoding="utf-8").replace("#pragma once", "")
PROGRAM = "int program(void *ctx) { return 0; }"


def test_abi_header_is_current() -> None:
    assert SCRIPT["abi"]() == (GENERATED / "abi.h").read_text(encoding="utf-8"), REMEDY


def test_slots_header_is_current() -> None:
    assert SCRIPT["slots"]() == (GENERATED / "slots.h").read_text(encoding="utf-8"), REMEDY


def test_layout_offset() -> None:
    """Offsets are those of the packed format, up to the end."""
    assert [HEADER.offset(field.name) for field in HEADER.fields[:4]] == [0, 8, 16, 20]
    assert HEADER.offset("container") + 32 == HEADER.struct.size


def test_enumerator_comment() -> None:
    class Example(Enumerator):
        FIRST = 3, "a comment"

    assert (Example.FIRST, Example.FIRST.comment) == (3, "a comment")


def test_execve_slots() -> None:
    """`enum execve_slot` of bpf/events/exec_calls.h has the order of the catalogue."""
    text = (ROOT / "bpf" / "events" / "exec_calls.h").read_text(encoding="utf-8")
    names = [argument.name for argument in all_events()["execve"].args]
    listed = ", ".join(f"EXECVE_{name.upper()}" for name in names)
    assert f"enum execve_slot {{ {listed} }};" in text
    assert [argument.name for argument in all_events()["execveat"].args][1:4] == names


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_abi_changed_field(layout: Layout) -> None:
    """A field that another type makes larger in C is found when the programs are compiled."""
    start = ABI.index(f"struct {layout.name} {{")
    changed = ABI[:start] + ABI[start:].replace("{\n", "{\n\tu64 added;\n", 1)
    with pytest.raises(HostError, match=f"{layout.name} has another size"):
        compile_text("abi", changed + PROGRAM)


def test_abi_compiles() -> None:
    assert set(compile_text("abi", ABI + PROGRAM).functions) == {"program"}


def test_matcher_example() -> None:
    """The example at the top of bpf/match/filters.h has the masks that the tables have."""
    flags = ["2:comm=who", "3:comm=ping", "4:comm!=who"]
    scopes = parse_filters(["1:event=openat", *flags], load_catalogue())
    table = compile_tables(scopes).values[Key.COMM]
    assert isinstance(table, MaskTable)
    masks = {value.rstrip(b"\0"): (m.equal, m.excluded) for value, m in table.masks.items()}
    assert masks == {b"who": (0b0010, 0b1000), b"ping": (0b0100, 0b0000)}
    without = table.without_equal & 0b1111
    assert without == 0b1001
    text = (ROOT / "bpf" / "match" / "filters.h").read_text(encoding="utf-8")
    for name, (equal, excluded) in masks.items():
        passed = (equal | without) & ~excluded
        formula = f"({equal:04b} | ...{without:04b}) & ~{excluded:04b} = ...{passed:04b}"
        assert re.search(rf'event of "{name.decode()}": +{re.escape(formula)}', text)


def test_update_element_size() -> None:
    """A layout that differs from that of the compiled map never reaches the kernel."""
    source = "BPF_ARRAY(numbers, u64, 1);\n" + PROGRAM
    program = Program("sizes", source, {}, Btf())
    fd = program.map_fd("numbers")
    assert program.update(fd, bytes(4), bytes(8)) == 0
    with pytest.raises(ValueError, match="map numbers: element of 4 and 4 bytes, not 4 and 8"):
        program.update(fd, bytes(4), bytes(4))
    program.close()
