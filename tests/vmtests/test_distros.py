# SPDX-License-Identifier: Apache-2.0
"""Runs on bare releases: what they run, and refusals in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmtests.distros.__main__ import BRIEF_COMMANDS, COMMANDS

PROJECT = Path(__file__).parents[2]
ARGV = (sys.executable, "-m", "vmtests.distros", "trixie")


def test_distros_commands_of_readme() -> None:
    """The commands are those of the README, and CI's environment is one of tox."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert all(f"\n    {command} " in readme for command in COMMANDS)
    environment = BRIEF_COMMANDS[-1].partition("ENVIRONMENTS=")[2]
    assert f"[testenv:{environment}]" in (PROJECT / "tox.ini").read_text(encoding="utf-8")


def test_distros_in_ci() -> None:
    """CI runs the releases that it is not on."""
    assert "tox -q -e distros -- --brief --other" in (PROJECT / ".ci" / "run").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="drops the privileges of root")
@pytest.mark.parametrize(
    ("drop", "text"),
    [
        (("--reuid=65534", "--clear-groups"), "chroots need root"),
        (("--bounding-set=-sys_admin",), "in a container: --privileged"),
    ],
)
def test_distros_refused(drop: tuple[str, ...], text: str) -> None:
    """Where chroots are refused, one line says so, and nothing is downloaded."""
    ambient = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    options = (*drop, *ambient) if "--reuid=65534" in drop else drop
    done = subprocess.run(
        ["setpriv", *options, *ARGV], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("distros: ")
    assert text in done.stderr
