# SPDX-License-Identifier: Apache-2.0
"""Tests of files with code or policy: refused where others can write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.files.test_written import OTHER_UID, give_away
from tracee_ref.files.trusted import read_trusted, trusted_names
from tracee_ref.files.walk import UnsafePathError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in two directories, all ours."""
    path = tmp_path / "a/b/file"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"code")
    path.chmod(0o644)
    return path


def test_read_trusted(file: Path) -> None:
    """A file of ours is read, below the sticky directory of this test, too."""
    assert read_trusted(str(file)) == b"code"
    assert trusted_names(str(file.parent)) == ["file"]


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_read_writable_by_others(file: Path, level: int, mode: int) -> None:
    """A file, its directory, or a directory above it that others can write is refused."""
    path = [file, *file.parents][level]
    path.chmod(mode)
    with pytest.raises(UnsafePathError) as refused:
        read_trusted(str(file))
    assert str(refused.value).startswith(f"others can write {path} (owner {os.geteuid()}, mode 0")
    assert "; chmod go-w it" in str(refused.value)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_read_foreign(file: Path, level: int) -> None:
    """A file or directory of another user is refused."""
    give_away([file, *file.parents][level])
    with pytest.raises(UnsafePathError, match=f"others can write .* .owner {OTHER_UID}, mode"):
        read_trusted(str(file))


def test_read_in_sticky(file: Path) -> None:
    """In a sticky directory, an entry of ours stays; one of another user is refused."""
    file.parent.chmod(0o1777)
    assert read_trusted(str(file)) == b"code"
    give_away(file)
    with pytest.raises(UnsafePathError, match=r"others can write .*file"):
        read_trusted(str(file))


def test_read_link(file: Path, tmp_path: Path) -> None:
    """Links are followed if the whole path is ours, and the target's path counts as well."""
    (tmp_path / "link").symlink_to(file)
    assert read_trusted(str(tmp_path / "link")) == b"code"
    file.parent.chmod(0o777)
    with pytest.raises(UnsafePathError, match=r"others can write .*/a/b "):
        read_trusted(str(tmp_path / "link"))


def test_read_foreign_link(file: Path, tmp_path: Path) -> None:
    """A link of another user in a sticky directory is refused, whatever its target."""
    sticky = tmp_path / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    (sticky / "link").symlink_to(file.parent)
    give_away(sticky / "link")
    with pytest.raises(UnsafePathError, match=r"others can write .*/sticky/link"):
        read_trusted(str(sticky / "link/file"))


def test_read_no_file(file: Path) -> None:
    """A FIFO does not block, and is refused as a directory is."""
    os.mkfifo(file.parent / "fifo")
    with pytest.raises(UnsafePathError, match="is no regular file"):
        read_trusted(str(file.parent / "fifo"))
    with pytest.raises(UnsafePathError, match="is no regular file"):
        read_trusted(str(file.parent))


def test_names_writable_by_others(file: Path) -> None:
    """A directory that others can write is refused, a sticky one as well: they can add files."""
    for mode in (0o777, 0o1777, 0o775):
        file.parent.chmod(mode)
        with pytest.raises(UnsafePathError, match=r"others can write .*/a/b "):
            trusted_names(str(file.parent))
