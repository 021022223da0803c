"""``scope-oracle vectors``: the corpus that implementations are judged by."""

from __future__ import annotations

import argparse
from itertools import chain, islice
from pathlib import Path

from ..corpus.write import SEED, write_corpus
from ..protocol.vector import CORPUS
from ..verify import changed_files, disagreements, read_about

SUMMARY = "show where the vectors are, check that they are whole, or make them again"
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what is to be done, and with which directory."""
    parser.add_argument("action", choices=("show", "verify", "write"), nargs="?", default="show")
    parser.add_argument("directory", type=Path, nargs="?", help="default: the corpus shipped")
    parser.add_argument("--seed", type=int, default=SEED, help="of the generated part (write)")
    parser.epilog = (
        "show: the files and where they came from.  verify: hashes, and the model's answers.\n"
        "write: make a corpus; DIRECTORY must be given, for the shipped one is frozen."
    )


def execute(options: argparse.Namespace) -> int:
    """Do it; status 1 if a corpus is not whole."""
    directory = options.directory or CORPUS
    if options.action == "write":
        return write(options)
    if options.action == "verify":
        return verify(directory)
    print(directory)
    about = read_about(directory)
    for name, value in about.items():
        if name != "files":
            print(f"{name:<10} {value}")
    for name, file in about["files"].items():
        print(f"{file.get('vectors', ''):>6} {name}")
    return 0


def write(options: argparse.Namespace) -> int:
    """Make a corpus."""
    if options.directory is None:
        options.parser.error("write needs a DIRECTORY")
    write_corpus(options.directory, options.seed)
    return 0


def verify(directory: Path) -> int:
    """Print what is wrong with a corpus, the first few."""
    wrong = list(islice(chain(changed_files(directory), disagreements(directory)), SHOWN))
    for line in wrong:
        print(line)
    if not wrong:
        print(f"{directory}: whole, and as the model says")
    return 1 if wrong else 0
