"""``scope-oracle vectors``: the corpus that implementations are judged by."""

from __future__ import annotations

import argparse

SUMMARY = "show where the vectors are, or check that they are whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take nothing so far."""


def execute(_options: argparse.Namespace) -> int:
    """Print where the vectors are."""
    return 0
