# SPDX-License-Identifier: Apache-2.0
"""Tests of the program cache: what another user could have written is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from tests.files.test_written import give_away
from tracee_ref.kernel.build.cache import (
    CALLERS,
    DIRECTORY,
    CachedProgram,
    add,
    cache_key,
    directory,
    lookup,
)
from tracee_ref.kernel.build.compiler import Compiled

PROGRAM = Compiled([], {"f": b"code"})
OTHER = Compiled([], {"f": b"other code"})
KEY, OTHER_KEY = sha256(b"1").hexdigest(), sha256(b"2").hexdigest()


class Cache:
    """A cache directory, used as a run does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def uses(self, key: str = KEY) -> bool:
        """Look a program up, and add it if it is not there; return whether it was."""
        found = lookup(str(self.path), key)
        if found is None:
            add(str(self.path), key, PROGRAM)
        assert found in (None, PROGRAM)
        return found is not None

    @property
    def file(self) -> Path:
        (file,) = self.path.glob("*.program")
        return file


@pytest.fixture
def programs(tmp_path: Path) -> Cache:
    """A directory with one program."""
    made = Cache(tmp_path / "a/programs")
    assert not made.uses()
    assert made.uses()
    return made


def test_cache_modes(programs: Cache) -> None:
    """Directory and file are for nobody else."""
    assert stat.S_IMODE(programs.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(programs.file.stat().st_mode) == 0o600


def swap(programs: Cache) -> None:
    """Put the entry of another program under this name."""
    good = programs.file
    programs.uses(OTHER_KEY)
    (other,) = {*programs.path.glob("*.program")} - {good}
    other.replace(good)


def alter(programs: Cache, **changes: object) -> None:
    entry = msgspec.msgpack.decode(programs.file.read_bytes(), type=CachedProgram)
    changed = msgspec.structs.replace(entry, **changes)
    programs.file.write_bytes(msgspec.msgpack.encode(changed))


def replace_by_link(programs: Cache) -> None:
    file = programs.file
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def replace_by_fifo(programs: Cache) -> None:
    file = programs.file
    file.unlink()
    os.mkfifo(file, 0o600)


REFUSED_FILES: dict[str, Callable[[Cache], object]] = {
    "MessagePack data is": lambda programs: os.truncate(programs.file, 50),
    "Input data was truncated": lambda programs: os.truncate(programs.file, 0),
    "is not ours alone": lambda programs: programs.file.chmod(0o620),
    "is not ours alone (owner 65534": lambda programs: give_away(programs.file),
    "it is another program": swap,
    "its content was changed": lambda programs: alter(
        programs, program=msgspec.msgpack.encode(OTHER)
    ),
    "Expected": lambda programs: programs.file.write_bytes(msgspec.msgpack.encode(OTHER)),
    "Too many levels of symbolic links": replace_by_link,
    "it is no regular file": replace_by_fifo,
}


@pytest.mark.parametrize("reason", REFUSED_FILES)
def test_cache_refused_file(
    programs: Cache, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file that is not what this user stored is reported in a line, and replaced."""
    REFUSED_FILES[reason](programs)
    capfd.readouterr()
    assert not programs.uses()
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"tracee-ref: program cache: {programs.path}/")
    assert "not used, compiled anew: " in line
    if reason not in ("MessagePack data is", "Expected"):
        assert reason in line
    assert programs.uses()
    assert not capfd.readouterr().err


def replace_directory_by_link(programs: Cache) -> None:
    programs.path.rename(programs.path.with_name("real"))
    programs.path.symlink_to("real")


def replace_parent_by_link(programs: Cache) -> None:
    parent = programs.path.parent
    parent.rename(parent.with_name("b"))
    parent.symlink_to("b")


REFUSED_DIRECTORIES: dict[str, Callable[[Cache], object]] = {
    "mode 0777": lambda programs: programs.path.chmod(0o777),
    "mode 1777": lambda programs: programs.path.chmod(0o1777),
    "mode 0770": lambda programs: programs.path.chmod(0o770),
    "mode 0775": lambda programs: programs.path.parent.chmod(0o775),
    "owner 65534": lambda programs: give_away(programs.path),
    "others can write": lambda programs: give_away(programs.path.parent),
    "is a symbolic link": replace_directory_by_link,
    "a is a symbolic link": replace_parent_by_link,
}


@pytest.mark.parametrize("reason", REFUSED_DIRECTORIES)
def test_cache_refused_directory(
    programs: Cache, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A directory that others can write or replace is reported in a line, and left alone."""
    content = programs.file.read_bytes()
    REFUSED_DIRECTORIES[reason](programs)
    capfd.readouterr()
    assert not programs.uses()
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"tracee-ref: program cache {programs.path} is not used: ")
    assert reason in line
    assert programs.file.read_bytes() == content


def test_cache_key() -> None:
    """Another text, as that of another kernel, has another key."""
    assert cache_key("int f;") != cache_key("int g;")


def test_cache_killed_writer(programs: Cache) -> None:
    """What a killed run left is removed after an hour, or by a run with its process id."""
    old, own = programs.path / ".x.program.1", f".{programs.file.name}.{os.getpid()}"
    old.touch()
    os.utime(old, (0, 0))
    (programs.path / own).symlink_to("/dev/null")
    programs.file.unlink()
    assert not programs.uses()
    assert [file.name for file in programs.path.iterdir()] == [programs.file.name]


@pytest.mark.parametrize("caller", CALLERS)
def test_directory_of_root(caller: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's directory depends on no variable of a user: HOME, XDG_CACHE_HOME, or by sudo."""
    if os.geteuid() != 0:
        pytest.skip("it is about root")
    monkeypatch.setenv("HOME", "/home/user")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/user/.cache")
    monkeypatch.delenv(DIRECTORY, raising=False)
    assert directory() == "/var/cache/tracee-ref/programs"
    monkeypatch.setenv(DIRECTORY, "/somewhere")
    monkeypatch.setenv(caller, "1000")
    assert directory() == "/var/cache/tracee-ref/programs"


def test_directory_of_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user has a directory of his own."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv(DIRECTORY, raising=False)
    monkeypatch.setenv("HOME", "/home/user")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert directory() == "/home/user/.cache/tracee-ref/programs"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert directory() == "/x/tracee-ref/programs"
