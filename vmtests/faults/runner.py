# SPDX-License-Identifier: Apache-2.0
"""Runner of seeded faults, applied one by one to a copy of the project.

    python -m vmtests.faults.runner [NAME...]

The report names the test that caught each fault.  The exit status is 1 if one was not caught.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vmtests.faults.list import FAULTS, Fault

PROJECT = Path(__file__).resolve().parents[2]
COPIED_FILES = (
    "bin", "bpf", "model", "tracee_ref", "vmtests", "tests", "pyproject.toml", "tox.ini",
)  # fmt: skip
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Verdict:
    """The result of a fault; ``caught_by`` is empty if no test failed."""

    fault: Fault
    caught_by: str


def main(names: Sequence[str]) -> int:
    """Run the named faults, or all, one per processor at a time; print a line for each."""
    wanted = [fault for fault in FAULTS if not names or fault.name in names]
    verdicts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(seed, wanted):
            verdicts.append(verdict)
            result = f"caught by {verdict.caught_by}" if verdict.caught_by else "NOT CAUGHT"
            print(f"{verdict.fault.name:<28} {verdict.fault.file:<34} {result}", flush=True)
    missed = [verdict for verdict in verdicts if not verdict.caught_by]
    print(f"{len(verdicts) - len(missed)} of {len(verdicts)} seeded faults were caught")
    return 1 if missed or not verdicts else 0


def seed(fault: Fault) -> Verdict:
    """Apply a fault to a copy of the project and run its tests."""
    with tempfile.TemporaryDirectory(prefix="tracee-ref-fault-") as directory:
        copy = Path(directory)
        for name in COPIED_FILES:
            source = PROJECT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, copy / name, symlinks=True, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        apply(fault, copy / fault.file)
        return Verdict(fault, run_tests(copy, fault.tests))


def apply(fault: Fault, path: Path) -> None:
    """Replace the string of a fault in a file; raise ValueError if it is not there once."""
    text = path.read_text(encoding="utf-8")
    if text.count(fault.good) != 1:
        raise ValueError(f"fault {fault.name}: {fault.good!r} is not once in {fault.file}")
    path.write_text(text.replace(fault.good, fault.bad), encoding="utf-8")


def make_environment(copy: Path) -> Path:
    """Make an environment with the copy and the packages of this one; return its interpreter.

    The commands run isolated, so that PYTHONPATH cannot lead them to the copy.
    """
    environment, ours = copy / ".venv", Path(sys.executable).parent
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    scripts = environment / "bin"
    packages.mkdir(parents=True)
    scripts.mkdir()
    (packages / "copy.pth").write_text(f"{copy}\n{sysconfig.get_path('purelib')}\n")
    home = f"home = {sys.base_prefix}/bin\ninclude-system-site-packages = true\n"
    (environment / "pyvenv.cfg").write_text(home)
    for script in ours.iterdir():
        (scripts / script.name).symlink_to(script)
    for command in (copy / "bin").iterdir():
        (scripts / command.name).unlink()
        shutil.copy(command, scripts / command.name)
    return scripts / Path(sys.executable).name


def run_tests(copy: Path, tests: Sequence[str]) -> str:
    """Return the first test that fails in the copy, or an empty string."""
    argv = [
        str(make_environment(copy)),
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    try:
        result = subprocess.run(
            argv,
            cwd=copy,
            env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(copy)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"a time limit of {TIMEOUT_SECONDS} s"
    found = FAILED.search(result.stdout)
    if result.returncode and not found:
        raise RuntimeError(f"the tests did not run: {result.stdout}{result.stderr}")
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
