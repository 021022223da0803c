# SPDX-License-Identifier: Apache-2.0
"""Help texts, which are generated from the tables of the parsers."""

import re

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.kinds import FILTER_KINDS, Kind
from tracee_ref.filters.parse import parse_filters
from tracee_ref.help import filter_help, output_help
from tracee_ref.output.flags import FORMATS, OPTIONS, parse_outputs


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_filter_help_example_kind(kind: Kind) -> None:
    """Example of a kind is parsed as that kind."""
    assert read_filter(kind.example, load_catalogue()).kind is kind


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_filter_help_is_complete(kind: Kind) -> None:
    """Filter help has every kind."""
    (paragraph,) = (
        text for text in filter_help().split("\n\n") if f"e.g. {kind.command}\n" in text
    )
    assert paragraph.lstrip().startswith(kind.form)


def test_filter_help_examples_parse() -> None:
    """Examples of filter help are accepted."""
    examples = filter_help().partition("Examples:\n")[2]
    lines = [re.findall(r"-f ('[^']+'|\S+)", line) for line in examples.splitlines()]
    flags = [[flag.strip("'") for flag in line] for line in lines if line]
    assert len(flags) >= 4
    for line in flags:
        assert parse_filters(line, load_catalogue())


def test_output_help_examples_parse() -> None:
    """Examples of output help are accepted."""
    examples = output_help().partition("Examples:\n")[2]
    for line in examples.splitlines():
        assert parse_outputs(re.findall(r"-o (\S+)", line)).targets


@pytest.mark.parametrize("name", [*FORMATS, *OPTIONS])
def test_output_help_is_complete(name: str) -> None:
    """Output help has every format and option."""
    assert re.search(rf"^  {name} +\S", output_help(), re.MULTILINE)
