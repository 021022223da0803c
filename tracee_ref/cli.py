# SPDX-License-Identifier: Apache-2.0
"""The command line of ``tracee-ref``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .command import CommandError
from .errors import HostError, UsageCode, UsageError, system_error
from .events.catalogue import EventDefinition, all_events
from .events.declarations import DYNAMIC_IDS
from .events.probe_names import is_probe
from .explain import explain, explain_text
from .filters.parse import parse_filters
from .filters.requests import requested_probes
from .filters.warnings import check_container_ids, filter_warnings
from .help import filter_help, output_help
from .host_check import report as host_report
from .kernel.attach.features import missing_feature
from .kernel.probes.choice import chosen_events, listed_probes
from .kernel.probes.own_events import own_events, read_file
from .listing import json_listing, listing, named_listing
from .messages import STDERR_FD, log
from .output.flags import parse_outputs
from .privileges import check_host
from .run_plan import RunOptions, plan_run
from .session import run_session
from .signals import EndSignals, Inherited, inherited_signals
from .signatures.registry import load_signatures
from .strings import argument_text, visible_json, visible_lines, write_utf8

USAGE_STATUS: Final = 2
HOST_STATUS: Final = 1
HELP: Final = "help"

EPILOG: Final = """\b
Examples:
  tracee-ref -f event=openat -- cat /etc/hostname
      files that a command opens
  tracee-ref -f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit
      exits of all processes; those of id match scope 3, too
  tracee-ref -f 'comm=ssh*' -f 'uid>=1000' -o json:/tmp/events.json
      the default set of events, as JSON lines in a file
  tracee-ref -f help; tracee-ref -o help; tracee-ref --list
      all filters, outputs, events
"""


if TYPE_CHECKING:
    IntegerType = click.ParamType[int]
else:  # not generic before click 8.5
    IntegerType = click.ParamType


class BufferSize(IntegerType):
    """Size of the ring buffer: a power of two, in MiB."""

    name = "MIB"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the size in MiB; fail on anything but a power of two."""
        text = str(value)
        if text not in map(str, BUFFER_SIZES_MIB):
            self.fail(
                f"{text!r} is not a power of two from 1 to {BUFFER_SIZES_MIB[-1]}", param, ctx
            )
        return int(text)


BUFFER_SIZES_MIB: Final = tuple(1 << power for power in range(11))


@click.command(
    epilog=EPILOG,
    context_settings={
        "allow_interspersed_args": False,
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.option(
    "-f",
    "--filter",
    "filters",
    metavar="FILTER",
    multiple=True,
    help="[SCOPE:]NAME[OPERATOR VALUES], repeatable; see '-f help'.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="OUTPUT",
    multiple=True,
    help="Format, path and options, repeatable; see '-o help'.",
)
@click.option(
    "--buffer",
    type=BufferSize(),
    default=32,
    show_default=True,
    help="Size of the buffer between kernel and tracer, in MiB.",
)
@click.option(
    "--signatures",
    "directories",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Load signatures from the Python files in DIR, too; repeatable.",
)
@click.option(
    "--events",
    "event_files",
    metavar="FILE",
    multiple=True,
    help="Add the events that the YAML file FILE declares; repeatable.",
)
@click.option(
    "--no-compat",
    is_flag=True,
    help="Ignore 32-bit system calls, which lowers the overhead of tracing few calls.",
)
@click.option(
    "--arguments",
    type=click.Choice(["entry", "return"]),
    default="entry",
    show_default=True,
    help="Read arguments in memory where system calls begin, or only where they return, which"
    " costs less but shows what the memory holds by then.",
)
@click.option(
    "--explain",
    "explain_as",
    type=click.Choice(["text", "json"]),
    is_flag=False,
    flag_value="text",
    help="Print events, hooks, tables and constants of the run as text or JSON, and exit.",
)
@click.option(
    "--check-host",
    "check_as",
    type=click.Choice(["text", "json"]),
    is_flag=False,
    flag_value="text",
    help="Print what tracing needs and what of it is here, as text or JSON, and exit.",
)
@click.option(
    "--list",
    "listed",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="List events and sets, or describe the event NAME, such as kprobe:vfs_unlink, or list"
    " those that a pattern stands for, and exit.",
)
@click.option("--json", "as_json", is_flag=True, help="With --list: print JSON.")
@click.version_option(version("tracee-ref"), prog_name="tracee-ref")
@click.argument("command", metavar="[-- COMMAND [ARG]...]", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def trace(
    signals: EndSignals,
    *,
    filters: tuple[str, ...],
    outputs: tuple[str, ...],
    buffer: int,
    directories: tuple[Path, ...],
    event_files: tuple[str, ...],
    no_compat: bool,
    arguments: str,
    explain_as: str | None,
    check_as: str | None,
    listed: str | None,
    as_json: bool,
    command: tuple[str, ...],
) -> int:
    """Trace events on this host, filtered by up to 64 scopes in the kernel.

    With a COMMAND, trace it and its descendants until it exits, and exit with its status.
    Without, trace all processes until SIGINT or SIGTERM.
    """  # fmt: skip
    if check_as:
        text, works = host_report(check_as)
        click.echo(visible_lines(text))
        return 0 if works else HOST_STATUS
    numbers = iter(DYNAMIC_IDS)
    rows = [row for path in event_files for row in read_file(path)]
    own = own_events(rows, all_events(), numbers)
    signatures = load_signatures(directories, log, own)
    catalogue = {name: e for name, e in signatures.events.items() if not e.internal}
    if HELP in filters or HELP in outputs:
        click.echo(visible_lines(filter_help() if HELP in filters else output_help()), nl=False)
        return 0
    if listed is not None:
        return print_events(listed, catalogue, as_json=as_json)
    if as_json:
        raise UsageError(UsageCode.COMMAND_LINE, "--json: goes with --list only")
    flags = tuple(map(argument_text, filters))
    signatures.add_events(chosen_events(requested_probes(flags), numbers))
    catalogue = {name: e for name, e in signatures.events.items() if not e.internal}
    scopes = parse_filters(flags, catalogue, missing_feature)
    check_container_ids(scopes)
    for warning in filter_warnings(scopes, catalogue):
        log(f"warning: {warning}")
    outputs_plan = parse_outputs(outputs)
    options = RunOptions(
        scopes, outputs_plan, command, buffer, signatures, not no_compat, arguments == "entry"
    )
    if explain_as:
        return print_plan(options, explain_as)
    return run_session(options, signals)


def print_events(name: str, catalogue: Mapping[str, EventDefinition], *, as_json: bool) -> int:
    """Print the events of a name or pattern, or all if it is empty; return the exit status."""
    name = argument_text(name)
    if is_probe(name):
        events = {event.name: event for event in listed_probes(name)}
    else:
        events = dict(catalogue)
    if as_json:
        click.echo(json_listing(name, events, missing_feature), nl=False)
    elif name:
        click.echo(visible_lines(named_listing(name, events, missing_feature)), nl=False)
    else:
        click.echo(visible_lines(listing(events, missing_feature)), nl=False)
    return 0


def print_plan(options: RunOptions, form: str) -> int:
    """Print the plan of a run as text or JSON, without tracing; return the exit status."""
    check_host()
    report = explain(plan_run(options))
    click.echo(explain_text(report) if form == "text" else visible_json(dumps(report, indent=1)))
    return 0


def main(argv: Sequence[str] | None = None, inherited: Inherited | None = None) -> None:
    """Run the command line and exit; every error is one line on stderr."""
    open_stderr()
    write_utf8()
    try:
        signals = EndSignals(inherited or inherited_signals())
        status = trace.main(argv, prog_name="tracee-ref", standalone_mode=False, obj=signals)
    except click.ClickException as error:
        status = fail(f"{error.format_message()} See 'tracee-ref --help'.", USAGE_STATUS)
    except UsageError as error:
        status = fail(str(error), USAGE_STATUS)
    except CommandError as error:
        status = fail(str(error), error.status)
    except HostError as error:
        status = fail(str(error), HOST_STATUS)
    except (OSError, MemoryError) as error:
        status = fail(str(system_error(error)), HOST_STATUS)
    except (click.Abort, KeyboardInterrupt):
        status = 130
    sys.exit(written_out(status))


def written_out(status: int) -> int:
    """Write what is left for stdout; return the exit status, that of an error if it fails."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes again
        status = status or fail(str(system_error(error)), HOST_STATUS)
    return status


def open_stderr() -> None:
    """Open /dev/null as stderr if it is closed: no other file may become descriptor 2."""
    if sys.stderr is None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, STDERR_FD)
        sys.stderr = os.fdopen(STDERR_FD, "w", closefd=False)


def fail(message: str, status: int) -> int:
    """Print the one line of an error; return the exit status."""
    log(" ".join(message.split("\n")))
    return status
