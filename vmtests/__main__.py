# SPDX-License-Identifier: Apache-2.0
"""Command line of the kernel store and of guests: ``python -m vmtests``."""

from __future__ import annotations

import os
import sys

import click

from tracee_ref.errors import HostError, UsageError
from vmtests import example
from vmtests.lab import kernels, kvm
from vmtests.lab.agent_process import GuestLostError, RequestError
from vmtests.lab.ensemble import Ensemble, parse_names


@click.group()
def main() -> None:
    """Manage the kernels that the tests use, and run commands in guests."""


@main.command("kernels")
def list_kernels() -> None:
    """List the stored kernels and the package that each comes from."""
    for kernel in kernels.stored():
        source = f"{kernel.package} {kernel.version} from {kernel.suites}"
        click.echo(f"{kernel.series:<6} {kernel.release:<28} {source}")
    click.echo(f"in {kernels.store_directory()}", err=True)


@main.command()
@click.option("--newest", is_flag=True, help="Fetch the newest even if an older one is stored.")
@click.argument("series", nargs=-1)
def fetch(series: tuple[str, ...], newest: bool) -> None:
    """Fetch kernels by SERIES, such as 6.1 or 7.x; by default, all that the tests use."""
    for name in series or kernels.SUITES:
        kernel = kernels.get(name, newest=newest)
        click.echo(f"{kernel.series}: {kernel.release} ({kernel.version})")


@main.command("kvm")
@click.argument("series", default="6.1")
def show_kvm(series: str) -> None:
    """Print whether guests can use KVM here; the first call boots a guest to find out."""
    click.echo("usable" if kvm.usable(kernels.get(series)) else "not usable: guests are emulated")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("series")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(series: str, command: tuple[str, ...]) -> None:
    """Run COMMAND in a guest of SERIES, in this directory, and exit with its status."""
    click.echo(f"booting Linux {series} ...", err=True)
    request = {"argv": list(command), "cwd": os.getcwd(), "seconds": 600}  # noqa: PTH109
    with Ensemble(parse_names(series)) as ensemble:
        for error in ensemble.lost.values():
            raise error
        (answer,) = ensemble.ask("basic.run", request, seconds=630).values()
    click.echo(answer["stdout"], nl=False)
    click.echo(answer["stderr"], nl=False, err=True)
    sys.exit(124 if answer["exit"] is None else answer["exit"] % 256)


@main.command("example")
def run_example() -> None:
    """Run the first example of Tracee's documentation, here or in a guest."""
    example.run()


if __name__ == "__main__":
    try:
        main()
    except (HostError, RequestError, GuestLostError) as error:
        click.echo(f"vmtests: {error}", err=True)
        sys.exit(1)
    except UsageError as error:
        click.echo(f"vmtests: {error}", err=True)
        sys.exit(2)
