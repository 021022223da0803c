# SPDX-License-Identifier: Apache-2.0
"""The wheel: contents, metadata, and commands in environments without BCC."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.packaging.conftest import PROJECT, Environment, build

NAME = "tracee_ref-0.1.0"
DEPENDENCIES = ("click", "dnspython", "msgspec")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(contents(wheel)[f"{NAME}.dist-info/METADATA"].decode())


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and nothing else."""
    environment = Environment(tmp_path_factory.mktemp("bare") / "venv")
    environment.install("--no-deps", "--no-index", wheel)
    return environment


def test_wheel_top_level(wheel: Path) -> None:
    """Only the package is at the top of site-packages."""
    names = {name.partition("/")[0] for name in contents(wheel)}
    assert names == {"tracee_ref", f"{NAME}.dist-info", f"{NAME}.data"}


def test_wheel_is_complete(wheel: Path) -> None:
    """It has every file of the package that git tracks, of the linked directories, too."""
    links = {"bpf": PROJECT / "bpf", "model": PROJECT / "model", "": PROJECT / "tracee_ref"}
    names = contents(wheel)
    for target, directory in links.items():
        for path in directory.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = "/".join(("tracee_ref", target, *path.relative_to(directory).parts))
                ours = path.suffix in {".py", ".c", ".h", ".json", ".txt", ".typed"}
                assert not ours or name.replace("//", "/") in names, name


def test_sdist_builds_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    """A wheel that is built of the unpacked source distribution has the same files."""
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path], check=True)
    again = build(tmp_path / NAME, tmp_path / "dist", "--wheel")
    assert contents(again) == contents(wheel)


def test_wheel_dependencies_are_ranges(wheel: Path) -> None:
    """Users get ranges: an exact version conflicts with those of other packages."""
    required = metadata(wheel).get_all("Requires-Dist") or []
    assert [re.split(r"[<>=\[]", line)[0] for line in required][:3] == list(DEPENDENCIES)
    assert not [line for line in required if "==" in re.sub(r"extra *==", "", line)]
    assert all(">=" in line for line in required)


def test_wheel_pythons(wheel: Path) -> None:
    """The lowest Python is that of the classifiers."""
    classifiers = metadata(wheel).get_all("Classifier") or []
    pythons = [line.rpartition(" ")[2] for line in classifiers if "Python :: 3." in line]
    assert metadata(wheel)["Requires-Python"] == f">={pythons[0]}"


def test_oracle_needs_nothing(bare: Environment) -> None:
    done = bare.run("scope-oracle", "vectors", "verify")
    assert done.returncode == 0, done.stderr
    assert "the model agrees" in done.stdout
    assert bare.run("python3", "-m", "tracee_ref.oracle", "--help").returncode == 0


def test_tracer_without_dependencies(bare: Environment) -> None:
    """A wheel that was installed without its dependencies says so."""
    done = bare.run("tracee-ref", "--version")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"tracee-ref: the Python package click is missing; .*\n", done.stderr)


@pytest.fixture(scope="module")
def isolated(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment without BCC; the dependencies are those of the environment of the tests."""
    environment = Environment(tmp_path_factory.mktemp("isolated") / "venv")
    environment.install("--no-deps", "--no-index", wheel)
    (site,) = environment.bin.parent.glob("lib/python3*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


@pytest.mark.parametrize("command", [("tracee-ref",), ("python3", "-m", "tracee_ref")])
def test_tracer_without_bcc(isolated: Environment, command: tuple[str, ...]) -> None:
    """The tracer says what to install; what needs no BCC works."""
    name, *options = command
    assert isolated.run(name, *options, "--version").stdout == "tracee-ref, version 0.1.0\n"
    assert "Usage: tracee-ref" in isolated.run(name, *options, "--help").stdout
    done = isolated.run(name, *options, "-f", "event=openat", "--", "true")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    if os.geteuid() == 0:
        assert "BCC" in done.stderr
        assert "--system-site-packages" in done.stderr


def test_tox_pins_are_locked() -> None:
    """Environments of tox that are not .venv have the versions of the lock."""
    lock = (PROJECT / "requirements.lock").read_text()
    tox = (PROJECT / "tox.ini").read_text()
    pinned = re.findall(r"^    ([\w-]+==[\d.]+)(?:; python_version >= .*)?$", tox, re.MULTILINE)
    assert {name.partition("==")[0] for name in pinned} >= {"pytest", "hypothesis"}
    for requirement in pinned:
        locked = f"\n{requirement} " in lock or requirement.startswith("mutmut")
        assert locked, f"{requirement}: not in requirements.lock"
