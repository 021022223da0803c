# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle check``: check a stream of JSON events that a tracer printed."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from ...errors import HostCode, HostError, UsageCode, UsageError
from ...strings import visible, visible_json
from ..dialects import DIALECTS
from ..streams.balance import SECOND_NS
from ..streams.cluster import check_hosts
from ..streams.job import Job, Streams
from ..streams.losses import NO_LOSSES, Losses, read_losses
from ..streams.policies import read_policies
from ..streams.process_state import Begins
from ..streams.report import DEFAULT_FINDINGS, CheckResult, CheckVerdict

SUMMARY: Final = "check the JSON events of a tracer: masks, unexpected and missing events"

AGREED, DISAGREED = 0, 1

MAX_WINDOW_SECONDS: Final = 1e6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="JSON lines; - is standard input")
    parser.add_argument(
        "--scopes", "-f", nargs="+", action="extend", default=[], metavar="FLAG",
        help="the -f flags of the tracer; without a FILE, the last value is the FILE",
    )  # fmt: skip
    parser.add_argument("--dialect", choices=[*DIALECTS], help="check against this dialect")
    parser.add_argument("--policies", metavar="FILE", help="JSON: policy name -> scope number")
    parser.add_argument(
        "--begins", type=Begins, choices=[*Begins], default=Begins.ANYWHERE,
        metavar="{anywhere,host,command}",
        help="where the streams begin: at the start of tracing a host, or one command",
    )  # fmt: skip
    parser.add_argument(
        "--host-mntns", type=count, metavar="INODE", help="mount namespace of host:"
    )
    parser.add_argument("--tracer", type=count, action="append", default=[], metavar="PID")
    parser.add_argument(
        "--dask", nargs="?", const="", metavar="ADDRESS", help="a Dask task for each file"
    )
    parser.add_argument("--json", action="store_true", help="print the report as a JSON object")
    parser.add_argument(
        "--show", type=count, default=DEFAULT_FINDINGS, metavar="N", help="findings of a kind"
    )
    add_streams(parser)


def add_streams(parser: argparse.ArgumentParser) -> None:
    """Add the options that are given once for each FILE."""
    group = parser.add_argument_group("once for each FILE, in their order")
    group.add_argument(
        "--unfiltered", action="append", default=[], metavar="FILE",
        help="all events at the same time: a second run with event=*",
    )  # fmt: skip
    group.add_argument(
        "--journal", action="append", default=[], metavar="FILE",
        help="what happened, in the format of trace vectors, instead of --unfiltered",
    )  # fmt: skip
    group.add_argument("--losses", action="append", default=[], metavar="N|FILE")
    group.add_argument("--unfiltered-losses", action="append", default=[], metavar="N|FILE")
    group.add_argument(
        "--window", type=window, default=2 * SECOND_NS, metavar="SECONDS",
        help="time between the same event in the two streams, at most",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Check the files and print the report; return the exit status."""
    files, flags = split_files(options.files, options.scopes)
    job = Job(
        flags=tuple(flags),
        dialect=options.dialect,
        begins=options.begins,
        tracers=frozenset(options.tracer),
        policies=read_policies(options.policies) if options.policies else None,
        host_mntns=options.host_mntns,
        window=options.window,
        limit=options.show,
    )
    job.semantics()  # report an invalid flag before reading the files
    result = check_hosts(job, streams_of(files, options), options.dask)
    result.alone = not (options.unfiltered or options.journal)
    if options.json:
        print(visible_json(json.dumps(result.data(), indent=1)))
    else:
        print("\n".join(map(visible, result.lines())))
    return status_of(result)


def split_files(files: Sequence[str], scopes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return files and flags; without files, the last flag is one (``--scopes F F FILE``)."""
    if files:
        return [*files], [*scopes]
    if not scopes:
        raise UsageError(
            UsageCode.COMMAND_LINE, "no FILE - give a file of JSON events, or - for standard input"
        )
    return [scopes[-1]], [*scopes[:-1]]


def streams_of(files: Sequence[str], options: argparse.Namespace) -> list[Streams]:
    """Return the files of each host; raise UsageError if their numbers differ."""
    if options.unfiltered and options.journal:
        raise UsageError(
            UsageCode.COMMAND_LINE, "--journal and --unfiltered: give only one of them"
        )
    for name in ("unfiltered", "journal", "losses", "unfiltered_losses"):
        given = len(getattr(options, name))
        if given not in (0, len(files)):
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(
                UsageCode.COMMAND_LINE,
                f"{flag}: {given} for {len(files)} files - give one for each",
            )
    own, other = losses(options.losses), losses(options.unfiltered_losses)
    return [
        Streams(file, everything, lost or NO_LOSSES, unseen or NO_LOSSES, journal)
        for file, everything, lost, unseen, journal in zip_longest(
            files, options.unfiltered, own, other, options.journal
        )
    ]


def losses(values: Sequence[str]) -> list[Losses]:
    """Parse the values of ``--losses``."""
    return [*map(read_losses, values)]


def count(text: str) -> int:
    """Parse a decimal number of 64 bits; raise ValueError for any other."""
    if not re.fullmatch("[0-9]{1,19}", text):
        raise ValueError(text)
    return int(text)


def window(text: str) -> int:
    """Parse seconds to nanoseconds; raise ValueError if they are negative or not finite."""
    seconds = float(text)
    if not 0 <= seconds <= MAX_WINDOW_SECONDS:
        raise ValueError(text)
    return int(seconds * SECOND_NS)


def status_of(result: CheckResult) -> int:
    """Return the exit status; raise HostError if there is no verdict."""
    if result.verdict is CheckVerdict.NONE:
        raise HostError(HostCode.NO_VERDICT, f"{result.why_none}: no verdict")
    return DISAGREED if result.verdict is CheckVerdict.DISAGREED else AGREED
