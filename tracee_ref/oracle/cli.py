# SPDX-License-Identifier: Apache-2.0
"""Command line of ``scope-oracle``.

It uses argparse, because the oracle needs only Python; ``tracee-ref`` uses click.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, Protocol

from ..errors import HostCode, HostError, UsageCode, UsageError
from ..strings import visible, write_utf8
from .commands import check, diff_dialects, explain, run, vectors
from .run.summary import NO_VERDICT

USAGE: Final = 2
INTERRUPTED: Final = 130
"""Exit statuses; those of the commands are in ``run.summary``."""

RUN, SEPARATOR = "run", "--"
"""After it comes the command of a consumer, with its own options."""


class Subcommand(Protocol):
    """Interface of a module of ``commands``."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options and arguments of the subcommand."""

    def execute(self, options: argparse.Namespace) -> int:
        """Run the subcommand and return the exit status."""


COMMANDS: Final[Mapping[str, Subcommand]] = {
    "check": check,
    "diff-dialects": diff_dialects,
    "explain": explain,
    RUN: run,
    "vectors": vectors,
}


class Parser(argparse.ArgumentParser):
    """A parser that reports an error on one line, like ``tracee-ref``."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(UsageCode.COMMAND_LINE, f"{message} - see '{self.prog} --help'")


def make_parser() -> Parser:
    """Return the parser with all subcommands."""
    parser = Parser(
        prog="scope-oracle",
        description="Semantics an implementation of tracing scopes by the executable model.",
        epilog="Exit status: 0 agreed, 1 disagreed, 2 wrong usage, 3 no verdict.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=command.SUMMARY,
            description=command.SUMMARY,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(parser=subparser)
    return parser


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; an error is one line on stderr."""
    write_utf8()
    arguments = list(sys.argv[1:] if argv is None else argv)
    has_consumer = arguments[:1] == [RUN] and SEPARATOR in arguments
    end = arguments.index(SEPARATOR) if has_consumer else len(arguments)
    try:
        options = make_parser().parse_args(arguments[:end])
        options.consumer = arguments[end + 1 :]
        if sys.stdout is None:
            raise HostError(HostCode.OUTPUT, "standard output is closed - redirect it")
        status = COMMANDS[options.command].execute(options)
        sys.stdout.flush()
    except UsageError as error:
        status = fail(str(error), USAGE)
    except HostError as error:
        status = fail(str(error), NO_VERDICT)
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        discard_output()
        status = NO_VERDICT
    except OSError as error:  # those of inputs and reports are HostError
        discard_output()
        status = fail(f"standard output cannot be written ({error.strerror})", NO_VERDICT)
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def discard_output() -> None:
    """Make /dev/null of standard output: Python flushes it again at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(message: str, status: int) -> int:
    """Print an error on one line; return `status`."""
    if sys.stderr is not None:
        print(f"scope-oracle: {visible(' '.join(message.splitlines()))}", file=sys.stderr)
    return status
