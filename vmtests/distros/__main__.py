# SPDX-License-Identifier: Apache-2.0
"""Runs of the README's commands on bare Debian releases.

Each release is a chroot without a home, terminal, locale, or any package that its minimum lacks;
apt has no security archive, and the clone is below root's home, which is closed to others.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import click

from tracee_ref.errors import HostError
from vmtests.distros.chroot import RELEASES, Chroot, run_or_raise, running_release

PROJECT: Final = Path(__file__).parents[2]
CLONE: Final = "/root/tracee-ref"

PREPARE: Final = "apt-get -q update && apt-get -q install -y --no-install-recommends git make"
"""What the README takes for granted."""

COMMANDS: Final = ("make run", "make test")
"""The README's commands."""

PACKAGING: Final = ".venv/bin/tox -q -e packaging"
"""Installations of the wheel, on the release's Python."""

BRIEF_COMMANDS: Final = ("make run", "make test ENVIRONMENTS=release")
"""Only what the release of Debian can change (tox.ini); for CI, which runs the rest outside."""


@click.command()
@click.option("--brief", is_flag=True, help="Run the tox environment 'release' only.")
@click.option("--other", is_flag=True, help="Run the releases that this machine does not have.")
@click.argument("releases", nargs=-1, type=click.Choice(RELEASES))
def main(releases: tuple[str, ...], *, brief: bool, other: bool) -> None:
    """Run `make run` and `make test` of a clone of HEAD on bare RELEASES; on all by default."""
    names = releases or RELEASES
    if other:
        names = tuple(name for name in names if name != running_release())
    failed = [
        f"{name}: {command}"
        for name in names
        for command in failures(name, BRIEF_COMMANDS if brief else (*COMMANDS, PACKAGING))
    ]
    for line in failed:
        click.echo(f"distros: failed on {line}", err=True)
    sys.exit(1 if failed else 0)


def failures(release: str, commands: tuple[str, ...]) -> list[str]:
    """Return those of the commands that fail on a release; none runs after one that fails."""
    with Chroot(release) as chroot:
        clone = chroot.root / CLONE.lstrip("/")
        run_or_raise("git", "clone", "-q", "--no-hardlinks", str(PROJECT), str(clone))
        for command in (PREPARE, *commands):
            started = time.monotonic()
            done = chroot.run(["sh", "-c", command], CLONE)
            seconds = time.monotonic() - started
            result = "passed" if done.returncode == 0 else "FAILED"
            click.echo(f"distros: {release}: {command}: {result} in {seconds:.0f} s")
            if done.returncode != 0:
                return [command]
    return []


if __name__ == "__main__":
    try:
        main()
    except (HostError, subprocess.SubprocessError) as error:
        click.echo(f"distros: {error}", err=True)
        sys.exit(1)
