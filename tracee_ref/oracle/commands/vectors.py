# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle vectors``: location, verification and generation of the corpus."""

from __future__ import annotations

import argparse
from itertools import chain, islice
from pathlib import Path

from ...errors import HostCode, HostError
from ...strings import visible
from ..corpus.write import SEED, write_corpus
from ..protocol.vector import CORPUS
from ..verify import changed_files, disagreements, read_about

SUMMARY = "print where the vectors are, verify them, or generate a corpus"
MAX_ERRORS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.add_argument("action", choices=("show", "verify", "write"), nargs="?", default="show")
    parser.add_argument("directory", type=Path, nargs="?", help="default: the shipped corpus")
    parser.add_argument("--seed", type=int, default=SEED, help="of the generated part (write)")
    parser.epilog = (
        "show: the files and their origin.  verify: check hashes and the model's answers.\n"
        "write: generate a corpus in DIRECTORY; the shipped one is frozen."
    )


def execute(options: argparse.Namespace) -> int:
    """Run the action; return 1 if the corpus is not intact."""
    directory = options.directory or CORPUS
    if options.action == "write":
        return write(options)
    if options.action == "verify":
        return verify(directory)
    print(visible(str(directory)))
    about = read_about(directory)
    for name, value in about.items():
        if name != "files":
            print(visible(f"{name:<10} {value}"))
    for name, file in about["files"].items():
        print(visible(f"{file.get('vectors', '')!s:>6} {name}"))
    return 0


def write(options: argparse.Namespace) -> int:
    """Generate a corpus."""
    if options.directory is None:
        options.parser.error("write needs a DIRECTORY")
    try:
        write_corpus(options.directory, options.seed)
    except OSError as error:
        raise HostError(
            HostCode.OUTPUT, f"{options.directory}: cannot be written ({error.strerror})"
        ) from error
    return 0


def verify(directory: Path) -> int:
    """Print the first errors of a corpus; return 1 if there are any."""
    errors = list(islice(chain(changed_files(directory), disagreements(directory)), MAX_ERRORS))
    for line in errors:
        print(visible(line))
    if not errors:
        print(f"{visible(str(directory))}: intact, and the model agrees")
    return 1 if errors else 0
