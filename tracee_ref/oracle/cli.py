"""The command line of ``scope-oracle``.

By argparse, because the oracle needs nothing but Python; ``tracee-ref`` uses click.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, Protocol

from ..errors import HostError, UsageCode, UsageError
from .commands import check, diff_dialects, explain, run, vectors
from .run.summary import UNJUDGED

USAGE: Final = 2
INTERRUPTED: Final = 130
RUN, SEPARATOR = "run", "--"
"""What is behind it is a command, options and all, and no matter of this command line."""


class Command(Protocol):
    """What a module of ``commands`` offers."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options and arguments of the subcommand."""

    def execute(self, options: argparse.Namespace) -> int:
        """Carry it out; return the exit status."""


COMMANDS: Final[Mapping[str, Command]] = {
    "check": check,
    "diff-dialects": diff_dialects,
    "explain": explain,
    RUN: run,
    "vectors": vectors,
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as those of ``tracee-ref``."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(UsageCode.COMMAND_LINE, f"{message} - see '{self.prog} --help'")


def make_parser() -> Parser:
    """Return the parser of all subcommands."""
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
    """Run the command line and exit; every error is one line on stderr."""
    given = list(sys.argv[1:] if argv is None else argv)
    end = given.index(SEPARATOR) if given[:1] == [RUN] and SEPARATOR in given else len(given)
    try:
        options = make_parser().parse_args(given[:end])
        options.behind = given[end + 1 :]
        status = COMMANDS[options.command].execute(options)
        sys.stdout.flush()
    except UsageError as error:
        status = fail(str(error), USAGE)
    except HostError as error:
        status = fail(str(error), UNJUDGED)
    except BrokenPipeError:  # the reader had enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = UNJUDGED
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def fail(message: str, status: int) -> int:
    """Print the one line of an error; return the exit status."""
    print(f"scope-oracle: {' '.join(message.splitlines())}", file=sys.stderr)
    return status
