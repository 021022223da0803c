"""``python -m vmtests``: look after the kernel store, and run a command in a guest."""

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
    """Kernels to test on, and guests that run them."""


@main.command("kernels")
def list_kernels() -> None:
    """List the kernels that are there and where each came from."""
    for kernel in kernels.stored():
        source = f"{kernel.package} {kernel.version} from {kernel.suites}"
        click.echo(f"{kernel.series:<6} {kernel.release:<28} {source}")
    click.echo(f"in {kernels.store_directory()}", err=True)


@main.command()
@click.option("--newest", is_flag=True, help="Also where the store has an older one.")
@click.argument("series", nargs=-1)
def fetch(series: tuple[str, ...], newest: bool) -> None:
    """Fetch kernels by SERIES, such as 6.1 or 7.x; without one, all that the tests know."""
    for name in series or kernels.SUITES:
        kernel = kernels.get(name, newest=newest)
        click.echo(f"{kernel.series}: {kernel.release} ({kernel.version})")


@main.command("kvm")
@click.argument("series", default="6.1")
def show_kvm(series: str) -> None:
    """Tell whether guests can use KVM here; the first time this boots one to find out."""
    click.echo("usable" if kvm.usable(kernels.get(series)) else "not usable: guests are emulated")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("series")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(series: str, command: tuple[str, ...]) -> None:
    """Carry out COMMAND in a guest of SERIES, in this directory; its exit status is ours."""
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
    """Trace the documentation's first example live; in a guest if it cannot be done here."""
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
