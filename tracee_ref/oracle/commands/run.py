"""``scope-oracle run``: ask an implementation, and compare its answers with the vectors."""

from __future__ import annotations

import argparse

SUMMARY = "ask an implementation all vectors, and report where it disagrees"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the command that answers."""
    parser.add_argument("consumer", metavar="CMD", nargs="+", help="the command that answers")


def execute(_options: argparse.Namespace) -> int:
    """Ask it."""
    return 0
