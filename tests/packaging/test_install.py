# SPDX-License-Identifier: Apache-2.0
"""Installations from the package index: ``tox -e packaging``, as root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.packaging.conftest import PROJECT, Environment

pytestmark = pytest.mark.installs

LOWEST = ("click==8.1.3", "dnspython==2.9.0", "msgspec==0.19.0")
"""The lower ends of the ranges in pyproject.toml."""

DEPENDENT = ("tests/test_help.py", "tests/output", "tests/packets", "tests/filters/test_errors.py")
"""Tests of the modules that use the dependencies."""

TRACE = ("-f", "event=getppid", "-o", "json", "--")
WORKLOAD = ("/usr/bin/python3", "-ISc", "import os; os.getppid()")


def traces(command: str, *options: str) -> None:
    """Check that a command traces a system call of its child."""
    argv = [command, *options, *TRACE, *WORKLOAD]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["eventName"] for line in done.stdout.splitlines()] == ["getppid"]


@pytest.mark.parametrize("versions", [(), LOWEST], ids=["highest", "lowest"])
def test_install_versions(wheel: Path, tmp_path: Path, versions: tuple[str, ...]) -> None:
    """The ends of the ranges work, in an environment that sees the packages of the system."""
    environment = Environment(tmp_path / "venv", system=True)
    environment.install("--upgrade", "--ignore-installed", wheel, *versions)
    traces(str(environment.bin / "tracee-ref"))
    traces(str(environment.bin / "python3"), "-m", "tracee_ref")
    (site,) = environment.bin.parent.glob("lib/python3*/site-packages")
    (site / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    tests = [str(environment.bin / "python3"), "-m", "pytest", "-q", *DEPENDENT]
    subprocess.run(tests, cwd=PROJECT, check=True)


def test_install_of_source(sdist: Path, tmp_path: Path) -> None:
    """pip builds the source distribution in an environment of its own."""
    environment = Environment(tmp_path / "venv", system=True)
    environment.install(sdist)
    traces(str(environment.bin / "tracee-ref"))


@pytest.mark.parametrize("system", [True, False])
def test_install_by_pipx(wheel: Path, tmp_path: Path, system: bool) -> None:
    """Without --system-site-packages there is no BCC, and the message says so."""
    tool = Environment(tmp_path / "pipx")
    tool.install("pipx")
    home = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    option = ["--system-site-packages"] if system else []
    subprocess.run(
        [tool.bin / "python3", "-m", "pipx", "install", "--python", sys.executable, *option, wheel],
        env=os.environ | home,
        check=True,
    )
    command = str(tmp_path / "bin" / "tracee-ref")
    if system:
        traces(command)
    else:
        done = subprocess.run(
            [command, *TRACE, "true"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "--system-site-packages" in done.stderr
    oracle = [str(tmp_path / "bin" / "scope-oracle"), "vectors", "verify"]
    assert subprocess.run(oracle, capture_output=True, check=False).returncode == 0
