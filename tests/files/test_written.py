# SPDX-License-Identifier: Apache-2.0
"""Tests of files to write: modes, links, owners, kinds, and our own descriptors."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tracee_ref.files import written
from tracee_ref.files.walk import UnsafePathError
from tracee_ref.files.written import open_written

OTHER_UID = 65534
SHARED_MODES = (0o777, 0o1777, 0o775)
PROJECT = Path(__file__).parents[2]


def put(path: Path | str, content: bytes = b"new\n", mode: int = 0o600) -> None:
    descriptor = open_written(str(path), mode)
    os.write(descriptor, content)
    os.close(descriptor)


def give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file to another user needs root")
    os.chown(path, OTHER_UID, OTHER_UID, follow_symlinks=False)


@pytest.fixture(params=[*SHARED_MODES, "foreign"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory that others can write, by its mode or its owner."""
    directory = tmp_path / "shared"
    directory.mkdir()
    if request.param == "foreign":
        give_away(directory)
    else:
        directory.chmod(request.param)
    return directory


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_open_mode(tmp_path: Path, mode: int, umask: int) -> None:
    """A new file has the mode, whatever the umask; an existing one keeps its own."""
    path = tmp_path / "a" / "events"
    path.parent.mkdir()
    before = os.umask(umask)
    try:
        put(path, mode=mode)
        put(path, mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new\nnew\n"


def test_open_directories(tmp_path: Path) -> None:
    """Missing directories are made, for those who may read the file."""
    put(tmp_path / "a/b/events")
    put(tmp_path / "c/d/events", mode=0o640)
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "c/d").stat().st_mode) & 0o707 == 0o700


def test_open_link(tmp_path: Path) -> None:
    """Links in a directory that only we can write are followed, relative ones as well."""
    (tmp_path / "real").mkdir()
    (tmp_path / "directory").symlink_to("real")
    (tmp_path / "real/file").symlink_to("../events")
    put(tmp_path / "directory/file")
    assert (tmp_path / "events").read_bytes() == b"new\n"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels"):
        put(tmp_path / "loop")


def test_open_shared_link(shared: Path, tmp_path: Path) -> None:
    """A link in a directory that others can write is refused: of the file, or on the way to it."""
    (tmp_path / "real").mkdir()
    (shared / "file").symlink_to(tmp_path / "secret")
    (shared / "directory").symlink_to(tmp_path / "real")
    for path in ("file", "directory/events", "directory/../events"):
        with pytest.raises(UnsafePathError, match="is a symbolic link in a directory that others"):
            put(shared / path)
    assert not (tmp_path / "secret").exists()
    assert not [*(tmp_path / "real").iterdir()]


def test_open_link_into_shared(shared: Path, tmp_path: Path) -> None:
    """A link of ours does not hide that it leads to a directory that others can write."""
    (tmp_path / "ours").symlink_to(shared)
    (shared / "file").symlink_to(tmp_path / "secret")
    with pytest.raises(UnsafePathError, match="is a symbolic link in a directory that others"):
        put(tmp_path / "ours/file")


def test_open_shared_file(shared: Path, tmp_path: Path) -> None:
    """A file of ours is appended to; not one with a second name: another user may have made it."""
    put(shared / "events")
    put(shared / "events")
    assert (shared / "events").read_bytes() == b"new\nnew\n"
    secret = tmp_path / "secret"
    secret.touch()
    (shared / "secret").hardlink_to(secret)
    with pytest.raises(UnsafePathError, match="has another name"):
        put(shared / "secret")
    put(secret)


def test_open_foreign_file(tmp_path: Path) -> None:
    """A file of another user is refused."""
    path = tmp_path / "events"
    path.touch()
    give_away(path)
    with pytest.raises(UnsafePathError, match=f"is not ours .owner {OTHER_UID}, mode"):
        put(path)
    assert path.read_bytes() == b""


def test_open_fifo(tmp_path: Path) -> None:
    """A FIFO is opened only if it is named as one."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with pytest.raises(UnsafePathError, match="is a FIFO; if meant, write fifo:PATH"):
        put(path)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    put(f"fifo:{path}")
    reader.join()
    assert found == [b"new\n"]
    (tmp_path / "file").touch()
    with pytest.raises(UnsafePathError, match="is no FIFO"):
        put(f"fifo:{tmp_path}/file")
    with pytest.raises(UnsafePathError, match="make it with mkfifo"):
        put(f"fifo:{tmp_path}/missing")


def test_open_fifo_without_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO that nobody reads is refused after a time."""
    monkeypatch.setattr(written, "FIFO_SECONDS", 0.1)
    os.mkfifo(tmp_path / "fifo")
    start = time.monotonic()
    with pytest.raises(UnsafePathError, match="nobody reads"):
        put(f"fifo:{tmp_path}/fifo")
    assert time.monotonic() - start < 3


def test_open_foreign_fifo(shared: Path) -> None:
    """A FIFO that another user put there is refused: its reader would get the events."""
    os.mkfifo(shared / "fifo")
    give_away(shared / "fifo")
    with pytest.raises(UnsafePathError, match="is not ours"):
        put(f"fifo:{shared}/fifo")


def test_open_device(tmp_path: Path) -> None:
    """A device is opened only by a path in /dev."""
    put("/dev/null")
    (tmp_path / "null").symlink_to("/dev/null")
    with pytest.raises(UnsafePathError, match="/dev/null is a device; if meant, name it in /dev/"):
        put(tmp_path / "null")


@pytest.mark.parametrize("path", ["root/tmp/events", "cwd/events", "fd/1", "task/1/root/x"])
def test_open_link_of_process(path: str) -> None:
    """The links of a process in /proc lead where their text does not."""
    with pytest.raises(UnsafePathError, match="leads to another process's file"):
        put(f"/proc/{os.getppid()}/{path.replace('task/1', f'task/{os.getppid()}')}")


def test_open_slash(tmp_path: Path) -> None:
    """A path with a slash at its end is a directory."""
    with pytest.raises(OSError, match="Is a directory"):
        put(f"{tmp_path}/events/")
    assert not (tmp_path / "events").exists()


def test_open_socket(tmp_path: Path) -> None:
    """A socket is no output."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(UnsafePathError, match="is no regular file"):
            put(tmp_path / "socket")


def run_python(code: str, redirections: str = "") -> subprocess.CompletedProcess[str]:
    """Run code in which ``put`` appends "new" to a path, by a shell with redirections."""
    head = "import os, sys\nfrom tracee_ref.files.written import *\n"
    head += "put = lambda path: os.write(open_written(path), b'new\\n')\n"
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirections}', sys.executable, head + code],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev//fd/../fd/1"]
)
def test_open_own_descriptor(tmp_path: Path, path: str) -> None:
    """A path of our descriptor means the descriptor: the file behind it keeps its content."""
    out = tmp_path / "keep.log"
    out.write_text("old\n")
    assert not run_python(f"put({path!r}); put({path!r})", f">>{out}").stderr
    assert out.read_text() == "old\nnew\nnew\n"


def test_open_link_to_descriptor(tmp_path: Path) -> None:
    """A link of ours may lead to a descriptor, as in images of containers."""
    (tmp_path / "log").symlink_to("/dev/stderr")
    assert run_python(f"put('{tmp_path}/log')").stderr == "new\n"


def test_open_inherited_descriptor(tmp_path: Path) -> None:
    """Other descriptors are ours only if we were started with them, and can write them."""
    out = tmp_path / "three"
    assert not run_python("put('/dev/fd/3')", f"3>{out}").stderr
    assert out.read_text() == "new\n"
    for code, redirections in (
        ("put('/dev/fd/3')", ""),
        ("put('/dev/fd/3')", f"3<{out}"),
        ("put(f'/dev/fd/{os.memfd_create(str())}')", ""),
        ("put('/dev/stdout')", ">&-"),
        ("put('/dev/fd/99999999999999999999')", ""),
    ):
        assert "is not open for writing; redirect it" in run_python(code, redirections).stderr


def test_open_race(tmp_path: Path) -> None:
    """While another process puts links into the directory, nothing is written through one."""
    shared, secret = tmp_path / "shared", tmp_path / "secret"
    shared.mkdir()
    shared.chmod(0o777)
    secret.touch()
    ended = threading.Event()

    def replace() -> None:
        while not ended.is_set():
            (shared / "new").symlink_to(secret)
            (shared / "new").replace(shared / "events")
            (shared / "new").touch()
            (shared / "new").replace(shared / "events")

    attacker = threading.Thread(target=replace)
    attacker.start()
    opened = 0
    for _ in range(2000):
        try:
            put(shared / "events")
            opened += 1
        except (UnsafePathError, OSError):
            continue
    ended.set()
    attacker.join()
    assert opened
    assert secret.read_bytes() == b""


def test_write_report(tmp_path: Path) -> None:
    """A report replaces the one before; not what is behind a descriptor."""
    for content in (b"longer than the next", b"next"):
        written.write_report(str(tmp_path / "report"), content)
    assert (tmp_path / "report").read_bytes() == b"next"
    (tmp_path / "keep").write_text("old\n")
    code = "write_report('/dev/stdout', b'new')"
    assert not run_python(code, f">>{tmp_path}/keep").stderr
    assert (tmp_path / "keep").read_text() == "old\nnew"
