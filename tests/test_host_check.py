# SPDX-License-Identifier: Apache-2.0
"""The report of what tracing needs, and the names of packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tracee_ref.dependencies import package
from tracee_ref.host_check import MISSING, OK, RequirementState

COMMAND = str(Path(sys.executable).with_name("tracee-ref"))


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *options], capture_output=True, text=True, check=False)


def test_check_host_json() -> None:
    """Each requirement has a name of its own; what is not there has a remedy or a limit."""
    done = run("--check-host", "json")
    report = json.loads(done.stdout)
    found = [RequirementState(**item) for item in report["requirements"]]
    assert len({finding.name for finding in found}) == len(found) > 20
    assert all(bool(f.remedy or f.limits) == (f.state != OK) for f in found)
    assert report["works"] == all(finding.state != MISSING for finding in found)
    assert done.returncode == (0 if report["works"] else 1)
    assert not done.stderr


def test_check_host_text() -> None:
    """The text has the same findings, one on a line, and the conclusion."""
    done = run("--check-host")
    names = [
        item["name"] for item in json.loads(run("--check-host", "json").stdout)["requirements"]
    ]
    *lines, last = done.stdout.splitlines()
    assert [line.split(None, 1)[1].partition(": ")[0] for line in lines] == names
    assert last.startswith("tracing works here" if done.returncode == 0 else "tracing does not")


def test_check_host_address_space() -> None:
    """A library that cannot be loaded is named, and the other requirements are reported."""
    limited = f"ulimit -v 300000; exec {COMMAND} --check-host"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    (bcc,) = (line for line in done.stdout.splitlines() if line.startswith("missing  bcc: "))
    assert "ulimit -v" in bcc


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ({"ID": "debian"}, "python3-bpfcc"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "python3-bpfcc"),
        ({"ID": "fedora"}, "python3-bcc"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "python3-bcc"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "python3-bcc"),
        ({"ID": "alpine"}, "py3-bcc"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "python-bcc"),
        ({"ID": "gentoo"}, "python3-bpfcc (its name on Debian)"),
        ({}, "python3-bpfcc (its name on Debian)"),
    ],
)
def test_package_name(release: dict[str, str], name: str) -> None:
    assert package("BCC", release) == name
