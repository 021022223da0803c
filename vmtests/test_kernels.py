# SPDX-License-Identifier: Apache-2.0
"""Kernel store, without downloads."""

import json
from pathlib import Path

import pytest

from tracee_ref.errors import UsageError
from vmtests.lab import kernels
from vmtests.lab.archive import version_key
from vmtests.lab.ensemble import parse_names


def put(cache: Path, series: str, release: str) -> None:
    root = cache / "tracee-ref/kernels" / release
    root.mkdir(parents=True)
    fields = {"series": series, "release": release, "package": "p", "version": "v", "suites": "s"}
    (root / "kernel.json").write_text(json.dumps(fields))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_kernels_newest_release(cache: Path) -> None:
    """Releases are ordered by number, not as strings."""
    for release in ("6.1.0-9-amd64", "6.1.0-56-amd64", "6.1.0-50-amd64"):
        put(cache, "6.1", release)
    put(cache, "6.12", "6.12.117+deb13-amd64")
    assert kernels.get("6.1").release == "6.1.0-56-amd64"
    assert [kernel.series for kernel in kernels.stored()] == ["6.1", "6.1", "6.1", "6.12"]


def test_kernels_partial_is_ignored(cache: Path) -> None:
    """A kernel without manifest, or in a temporary directory, is not in the store."""
    put(cache, "6.1", ".partial-x")
    put(cache, "6.1", "6.1.0-1-amd64")
    (cache / "tracee-ref/kernels/6.1.0-1-amd64/kernel.json").unlink()
    assert kernels.stored() == []
    assert kernels.find("6.1") is None


@pytest.mark.parametrize("layout", ["boot/vmlinuz-7.2.12-amd64", "usr/lib/modules/{}/vmlinuz"])
def test_kernels_image_layouts(tmp_path: Path, layout: str) -> None:
    """The image is found in both package layouts."""
    image = tmp_path / layout.format("7.2.12-amd64")
    image.parent.mkdir(parents=True)
    image.touch()
    kernel = kernels.Kernel("7", "7.2.12-amd64", "p", "v", "s", tmp_path)
    assert kernel.image == image


def test_parse_names() -> None:
    """Names are normalized, without duplicates."""
    assert parse_names("host, 6.1,7.x,host") == ["host", "6.1", "7"]


@pytest.mark.parametrize("text", ["", ",", "6.1.0", "six", "host,,v6", "6."])
def test_parse_names_invalid(text: str) -> None:
    """A name that is not a kernel series is an error."""
    with pytest.raises(UsageError, match=r"6\.1"):
        parse_names(text)


def test_version_key_is_numeric() -> None:
    """Versions are sorted by their numbers."""
    assert version_key("linux-image-6.12.9+deb13-amd64") < version_key("6.12.107+deb13-amd64")
