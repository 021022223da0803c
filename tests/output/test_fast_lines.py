# SPDX-License-Identifier: Apache-2.0
"""Tests of the fast path: its lines are those of decoding and printing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracee_ref.abi import FLAG_COMPAT, FLAGS_CHANGED_SHIFT
from tracee_ref.abi import HEADER as LAYOUT
from tracee_ref.containers.runtimes import Runtimes
from tracee_ref.decode.records import FROM_DATA, HEADER, RecordDecoder, View
from tracee_ref.events.argument_types import shape_of
from tracee_ref.events.catalogue import EventDefinition, load_catalogue
from tracee_ref.events.shapes import Shape
from tracee_ref.output.columns import Containers
from tracee_ref.output.fast.lines import CACHED_CONTEXTS, FastLines, fast_lines
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.output.printer import Printer
from tracee_ref.output.table import TablePrinter
from tracee_ref.strings import bytes_of, is_visible

EPOCH = 1_700_000_000_000_000_000
CALLS = [event for event in load_catalogue().values() if event.syscall]
CONTAINER = bytes(range(32))
COMM = LAYOUT.index("comm")

PRINTERS: dict[str, Callable[[], Printer]] = {
    "json": JsonPrinter,
    "table": TablePrinter,
    "verbose": lambda: TablePrinter(verbose=True),
    "containers": lambda: TablePrinter(verbose=True, containers=Containers.CONTAINERS),
}
HOSTILE = (
    *(b"/etc/hostname", b"a<b>&c", b'"\\', b"\n\x1b[0m", b"\xff", b"\xef", b"\x9b31m", b"\x7f"),
    *(b"x, flags: O_RDWR", b"<nil>", b"<unreadable>", b"map[a:b]", b"[a", b"a]", b" ", b""),
    *(b"\xed\xa0\x80", "\ufffd".encode(), "\ufffdff".encode(), "\u2028\u00e9\u202e".encode()),
    "\U000e0041\ufe0f\u0301\u05d0\u65e5\u3000\u061c\ufeff\u009b\ue000\u0378".encode(),
)
STRINGS = st.binary(max_size=300) | st.sampled_from(HOSTILE)
NAMES = (st.binary(max_size=15) | STRINGS).map(lambda name: name.split(b"\0")[0][:15])
WORDS = st.integers(0, 2**64 - 1) | st.integers(0, 70)
STATES = st.sampled_from([0, 0, 0, 0, 1, 2, 4])


def header(event: EventDefinition, comm: bytes, container: bytes, flags: int, mask: int) -> bytes:
    ids = (11, 12, 10, 1, 2, 0, 1000, 4026531841, 4026531836)
    fields = (7, -2, event.id, event.id, mask, 4, 77, *ids, 3, flags, comm, b"ho<st", container)
    return HEADER.pack(*fields)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    event = draw(st.sampled_from(CALLS))
    container = draw(st.sampled_from([bytes(32), bytes(32), CONTAINER]))
    slots, data = [], b""
    for argument in event.args:
        if shape_of(event.name, argument) not in FROM_DATA:
            slots.append(draw(WORDS))
            continue
        state = draw(STATES)
        value = b"" if state in (1, 2) else draw(of_shape(shape_of(event.name, argument)))
        slots.append(len(value) | state << 32)
        data += value
    slots += [9] * (6 - len(slots))
    flags = draw(st.sampled_from([0, 0, 0, FLAG_COMPAT]))
    mask = draw(st.sampled_from([1, 1 << 63, 0b101]))
    return header(event, draw(NAMES), container, flags, mask) + pack("6Q", *slots) + data


def of_shape(shape: Shape) -> st.SearchStrategy[bytes]:
    if shape is Shape.INT_PAIR:
        return st.binary(min_size=8, max_size=8)
    if shape is Shape.STRING_ARRAY:
        return st.lists(NAMES, max_size=3).map(
            lambda names: b"".join(name + b"\0" for name in names)
        )
    return STRINGS


def slow_and_fast(
    name: str, root: Path, *, symbolic: bool
) -> tuple[Callable[[bytes], bytes], FastLines]:
    view = View(clock_offset=EPOCH, symbolic=symbolic)
    decoder, printer = RecordDecoder(view, Runtimes(root)), PRINTERS[name]()
    (fast,) = fast_lines(decoder, [printer], view, excluded={"ptrace"})
    return lambda record: printer.line(decoder(record)), fast


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("name", PRINTERS)
@settings(max_examples=300)
@given(st.lists(records(), min_size=1, max_size=4))
def test_fast_lines_equal_printed_lines(name: str, symbolic: bool, drawn: list[bytes]) -> None:
    """A line of the fast path is that of the printer, from the caches too."""
    slow, fast = slow_and_fast(name, Path("/proc/missing"), symbolic=symbolic)
    for record in drawn:
        assert fast.line(record) in (None, slow(record))
        assert fast.line(record) in (None, slow(record))


@pytest.mark.parametrize("name", PRINTERS)
@settings(max_examples=300)
@given(records())
def test_lines_of_hostile_records(name: str, record: bytes) -> None:
    """A line has visible characters only, and JSON gives the bytes of a name back (rule 20)."""
    slow, _ = slow_and_fast(name, Path("/proc/missing"), symbolic=True)
    line = slow(record).decode()
    assert line.endswith("\n")
    assert all(map(is_visible, line[:-1]))
    if name == "json":
        comm = HEADER.unpack_from(record)[COMM].rstrip(b"\0")
        assert bytes_of(json.loads(line)["processName"]) == comm


def plain(**replaced: bytes | int) -> bytes:
    values = {"comm": b"cat", "container": bytes(32), "flags": 0, "mask": 1} | replaced
    path = b"/etc/hostname"
    slots = pack("6Q", 2**64 - 100, len(path), 0, 0, 9, 9)
    return header(load_catalogue()["openat"], **values) + slots + path  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PRINTERS)
def test_fast_lines_usual_records(name: str, tmp_path: Path) -> None:
    """Native system calls outside containers take the fast path, others do not."""
    slow, fast = slow_and_fast(name, tmp_path, symbolic=True)
    assert fast.line(plain()) == slow(plain())
    flags = [plain(flags=FLAG_COMPAT), plain(flags=1 << FLAGS_CHANGED_SHIFT)]
    for unusual in (*flags, plain(mask=0), plain(container=CONTAINER)):
        assert fast.line(unusual) is None


def test_fast_lines_excluded_event(tmp_path: Path) -> None:
    """An event with field filters is decoded."""
    _, fast = slow_and_fast("json", tmp_path, symbolic=False)
    record = header(load_catalogue()["ptrace"], b"cat", bytes(32), 0, 1) + pack("6Q", *range(6))
    assert fast.line(record) is None


def test_fast_lines_container(tmp_path: Path) -> None:
    """Events of a container take the fast path once its runtime describes it."""
    slow, fast = slow_and_fast("json", tmp_path, symbolic=False)
    assert fast.line(plain(container=CONTAINER)) is None
    file = tmp_path / "var/lib/docker/containers" / CONTAINER.hex() / "config.v2.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"Name": "/web", "Config": {"Image": "nginx"}}')
    slow, fast = slow_and_fast("json", tmp_path, symbolic=False)
    line = fast.line(plain(container=CONTAINER))
    assert line == slow(plain(container=CONTAINER))
    assert b'"containerName":"web"' in line


def test_fast_lines_cache_size(tmp_path: Path) -> None:
    """The cache of contexts is cleared when it is full."""
    _, fast = slow_and_fast("json", tmp_path, symbolic=False)
    for number in range(CACHED_CONTEXTS + 10):
        assert fast.line(plain(comm=b"%d" % number))
    assert len(fast._contexts) <= CACHED_CONTEXTS
