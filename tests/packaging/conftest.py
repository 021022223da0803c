# SPDX-License-Identifier: Apache-2.0
"""Fixtures: wheel and source distribution, built once, and environments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from venv import EnvBuilder

import pytest

PROJECT = Path(__file__).parents[2]


class Environment:
    """A virtual environment without pip."""

    def __init__(self, directory: Path, *, system: bool = False) -> None:
        EnvBuilder(system_site_packages=system, symlinks=True).create(directory)
        self.bin = directory / "bin"

    def install(self, *requirements: str | Path) -> None:
        pip = [sys.executable, "-m", "pip", f"--python={self.bin / 'python3'}", "install", "-q"]
        subprocess.run([*pip, "--disable-pip-version-check", *map(str, requirements)], check=True)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands in the directory ``/``."""
        argv = [str(self.bin / command), *arguments]
        return subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)


def build(source: Path, output: Path, *options: str) -> Path:
    """Build with the setuptools of this environment; return the one file that is made."""
    argv: Sequence[str] = ("-m", "build", "--no-isolation", "--outdir", str(output), *options)
    done = subprocess.run(
        [sys.executable, *argv, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = output.iterdir()
    return made


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks, so that nothing is built in the clone."""
    copy = tmp_path_factory.mktemp("source") / "tracee-ref"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / name).is_symlink():
            path.symlink_to((PROJECT / name).readlink())
        elif (PROJECT / name).exists():
            path.write_bytes((PROJECT / name).read_bytes())
            path.chmod((PROJECT / name).stat().st_mode)
    return copy


@pytest.fixture(scope="session")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("sdist"), "--sdist")


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("wheel"), "--wheel")
