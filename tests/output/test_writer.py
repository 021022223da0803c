# SPDX-License-Identifier: Apache-2.0
"""Tests of writers: outputs that fail, fill up, or are not read."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracee_ref.output.writer import BUFFER_BYTES, Sink, end_outputs

LINE = b"x" * 99 + b"\n"
NEVER = bool


def finish(sink: Sink, patience_seconds: float = 5) -> tuple[int, int]:
    """End an output; return the numbers of its lines and of those lost."""
    end_outputs([sink], NEVER, patience_seconds)
    return sink.lines, sink.lost


@contextmanager
def pipe(*, blocking: bool = True) -> Iterator[tuple[int, Sink]]:
    """Yield the reading end of a pipe, and a sink; one that is not blocking is shared."""
    reader, end = os.pipe()
    os.set_blocking(end, blocking)
    try:
        yield reader, Sink(end, "pipe", shared=not blocking)
    finally:
        os.close(reader)


def wait_for_size(path: Path, size: int) -> None:
    deadline = time.monotonic() + 10
    while path.stat().st_size != size:
        assert time.monotonic() < deadline, path.stat().st_size
        time.sleep(0.01)


def test_write_buffers(tmp_path: Path) -> None:
    """Bytes are written by flush, or when the buffer is full."""
    path = tmp_path / "events"
    sink = Sink(os.open(path, os.O_CREAT | os.O_WRONLY), str(path))
    sink.write(b"line\n")
    assert path.read_bytes() == b""
    sink.flush()
    wait_for_size(path, len(b"line\n"))
    sink.write(b"x" * BUFFER_BYTES)
    wait_for_size(path, len(b"line\n") + BUFFER_BYTES)
    assert finish(sink) == (2, 0)


def test_write_device_full() -> None:
    """The lines of a full device are lost, its header is not counted."""
    sink = Sink(os.open("/dev/full", os.O_WRONLY), "full")
    sink.write(b"header\n", lines=0)
    for _ in range(10):
        sink.write(LINE)
    assert finish(sink) == (10, 10)


@pytest.mark.parametrize("blocking", [True, False])
def test_write_slow_reader(blocking: bool) -> None:
    """Nothing is lost for a reader that reads late, or through a non-blocking pipe."""
    received = bytearray()
    with pipe(blocking=blocking) as (reader, sink):

        def read() -> None:
            time.sleep(0.3)
            while data := os.read(reader, 1 << 16):
                received.extend(data)

        thread = threading.Thread(target=read)
        thread.start()
        for _ in range(20_000):
            sink.write(LINE)
        assert finish(sink) == (20_000, 0)
        if not blocking:
            os.close(sink.descriptor)
        thread.join()
    assert received == LINE * 20_000


def test_write_closed_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    """A closed reader is reported once, and the output discards what it gets."""
    with pipe() as (_, sink):
        pass
    for _ in range(3):
        sink.write(LINE)
        sink.flush()
    deadline = time.monotonic() + 10
    while not sink.gone:
        assert time.monotonic() < deadline
    sink.write(LINE)
    assert finish(sink) == (4, 4)
    assert capfd.readouterr().err.count("\n") == 1


def test_write_blocks_nobody() -> None:
    """Without a reader, lines wait up to a limit; then they are lost, and counted exactly."""
    with pipe() as (reader, sink):
        sink._queue_bytes = 1 << 20
        began = time.monotonic()
        for _ in range(100_000):
            sink.write(LINE)
        assert time.monotonic() - began < 5
        lines, lost = finish(sink, 0.3)
        os.set_blocking(reader, False)
        room = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
        got = os.read(reader, 1 << 20)
    assert lines == 100_000
    assert len(got) == room
    assert lost == lines - got.count(b"\n")


def test_write_reader_comes_back() -> None:
    """A reader that reads again gets whole lines, those that waited and new ones."""
    received = bytearray()
    with pipe() as (reader, sink):
        sink._queue_bytes = 1 << 20
        for _ in range(30_000):
            sink.write(LINE)

        def read() -> None:
            while data := os.read(reader, 1 << 16):
                received.extend(data)

        thread = threading.Thread(target=read)
        thread.start()
        wait_until_taken(sink)
        sink.write(b"last\n")
        lines, lost = finish(sink)
        thread.join()
    assert 0 < lost < lines == 30_001
    assert received == LINE * (lines - lost - 1) + b"last\n"


def test_write_shares() -> None:
    """With a slow reader, lines of one scope take no room of another, whose lines all arrive."""
    received = bytearray()
    with pipe() as (reader, other):
        sink = Sink(os.dup(other.descriptor), "pipe", queue_bytes=1 << 20, scopes=0b11)
        os.close(other.descriptor)

        def read() -> None:
            while data := os.read(reader, 1 << 14):
                received.extend(data)
                time.sleep(0.001)

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(100_000):
            sink.write(LINE, mask=1)
            if number % 100 == 0:
                sink.write(b"rare\n", mask=2)
        lines, lost = finish(sink)
        thread.join()
    assert lines == 101_000
    assert lost > 10_000
    assert received.count(b"\n") == lines - lost
    assert received.count(b"rare\n") == 1000


def wait_until_taken(sink: Sink) -> None:
    deadline = time.monotonic() + 10
    while sink._done < sink._queued:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_end_hurry() -> None:
    """The end does not wait for a reader if it must not."""
    with pipe() as (_, sink):
        for _ in range(10_000):
            sink.write(LINE)
        began = time.monotonic()
        end_outputs([sink], lambda: True)
        assert time.monotonic() - began < 1
        assert 0 < sink.lost < sink.lines


def test_end_slow_reader() -> None:
    """The end waits for a reader that reads a little now and then."""
    received = bytearray()
    with pipe() as (reader, sink):
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        for _ in range(500):
            sink.write(LINE)

        def read() -> None:
            while data := os.read(reader, 4096):
                received.extend(data)
                time.sleep(0.1)

        thread = threading.Thread(target=read)
        thread.start()
        assert finish(sink, 0.5) == (500, 0)
        thread.join()
    assert received == LINE * 500


def test_write_file_size_limit(tmp_path: Path) -> None:
    """At the limit of the file size the output ends with a whole line."""
    path, pid = tmp_path / "events", os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_345, 12_345))
        sink = Sink(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND), str(path))
        for _ in range(1000):
            sink.write(LINE)
        os._exit(0 if finish(sink) == (1000, 1000 - 123) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert path.read_bytes() == LINE * 123


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a tmpfs of 64 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine refuses a mount")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.parametrize("flags", [0, os.O_APPEND])
@pytest.mark.parametrize("shared", [False, True])
def test_write_disk_full_and_free(small_disk: Path, flags: int, shared: bool) -> None:
    """A full disk that is free again goes on, with whole lines only."""
    other, path = small_disk / "other", small_disk / "events"
    other.write_bytes(b"x" * 40_000)
    sink = Sink(os.open(path, os.O_CREAT | os.O_WRONLY | flags), str(path), shared=shared)
    for _ in range(400):
        sink.write(LINE)
    sink.flush()
    deadline = time.monotonic() + 10
    while not sink._reported:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert shared or path.read_bytes().endswith(b"\n")
    other.unlink()
    wait_until_taken(sink)
    sink.write(b"last\n")
    assert finish(sink) == (401, 0)
    assert path.read_bytes() == LINE * 400 + b"last\n"


def test_write_disk_full_to_the_end(small_disk: Path) -> None:
    """A disk that stays full has whole lines, and the others are counted."""
    path = small_disk / "events"
    sink = Sink(os.open(path, os.O_CREAT | os.O_WRONLY), str(path))
    for _ in range(2000):
        sink.write(LINE)
    lines, lost = finish(sink)
    assert lines == 2000
    assert path.read_bytes() == LINE * (lines - lost)
