# SPDX-License-Identifier: Apache-2.0
"""Tests of the installed commands: they import nothing that a user could write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
COMMANDS = ("tracee-ref", "scope-oracle")
FOREIGN = (
    "sitecustomize",
    "usercustomize",
    "encodings",
    "re",
    "json",
    "click",
    "tracee_ref",
    "bcc",
)
"""Modules that an interpreter which is not isolated would import from PYTHONPATH."""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A directory with modules that make a file when they are imported."""
    for name in FOREIGN:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    return tmp_path


def run(command: str, foreign: Path, **environment: str) -> None:
    done = subprocess.run(
        [command, "--help"],
        cwd=foreign,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: tracee-ref" in done.stdout or "usage: scope-oracle" in done.stdout
    assert not (foreign / "imported").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_python_path(command: str, foreign: Path) -> None:
    """Neither PYTHONPATH nor the current directory is searched."""
    run(str(SCRIPTS / command), foreign, PYTHONPATH=str(foreign), PYTHONSTARTUP="re.py")


@pytest.mark.parametrize("command", COMMANDS)
def test_command_user_site(command: str, foreign: Path) -> None:
    """The packages of a user are not searched, whoever's HOME is set."""
    site = foreign / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    site.mkdir(parents=True)
    for name in FOREIGN:
        (foreign / f"{name}.py").rename(site / f"{name}.py")
    (site / "any.pth").write_text("import usercustomize\n")
    (foreign / ".local").symlink_to(foreign)
    run(str(SCRIPTS / command), foreign, HOME=str(foreign), PYTHONUSERBASE=str(foreign))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_shell_environment(command: str, foreign: Path) -> None:
    """The shell that starts Python takes no code from the environment."""
    code = foreign / "imported"
    (foreign / "env.sh").write_text(f": >{code}\n")
    function = {
        "BASH_FUNC_export%%": f"() {{ : >{code}; }}",
        "BASH_FUNC_exec%%": f"() {{ : >{code}; }}",
    }
    files = {"BASH_ENV": str(foreign / "env.sh"), "ENV": str(foreign / "env.sh")}
    run(
        str(SCRIPTS / command),
        foreign,
        **function,
        **files,
        SHELLOPTS="xtrace",
        PS4="$(:>imported)",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_command_linked(command: str, foreign: Path) -> None:
    """A link to the command, as pipx makes one, finds its interpreter."""
    (foreign / command).symlink_to(SCRIPTS / command)
    run(str(foreign / command), foreign)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_installed(command: str) -> None:
    """pip installs the scripts of the repository as they are."""
    assert (SCRIPTS / command).read_bytes() == (PROJECT / "bin" / command).read_bytes()
