# SPDX-License-Identifier: Apache-2.0
"""The help texts tell what parsing does, because both use the same tables."""

import re

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.kinds import FILTER_KINDS, Kind
from tracee_ref.filters.parse import parse_filters
from tracee_ref.help import filter_help, output_help
from tracee_ref.output.flags import FORMATS, OPTIONS, parse_outputs


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_example_of_a_kind_is_read_as_that_kind(kind: Kind) -> None:
    assert read_filter(kind.example, load_catalogue()).kind is kind


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_filter_help_has_every_kind(kind: Kind) -> None:
    (paragraph,) = (
        text for text in filter_help().split("\n\n") if f"e.g. {kind.command}\n" in text
    )
    assert paragraph.lstrip().startswith(kind.form)


def test_examples_of_filter_help_are_accepted() -> None:
    examples = filter_help().partition("Examples:\n")[2]
    lines = [re.findall(r"-f ('[^']+'|\S+)", line) for line in examples.splitlines()]
    flags = [[flag.strip("'") for flag in line] for line in lines if line]
    assert len(flags) >= 4
    for line in flags:
        assert parse_filters(line, load_catalogue())


def test_examples_of_output_help_are_accepted() -> None:
    examples = output_help().partition("Examples:\n")[2]
    for line in examples.splitlines():
        assert parse_outputs(re.findall(r"-o (\S+)", line)).targets


@pytest.mark.parametrize("name", [*FORMATS, *OPTIONS])
def test_output_help_has_every_format_and_option(name: str) -> None:
    assert re.search(rf"^  {name} +\S", output_help(), re.MULTILINE)
