# SPDX-License-Identifier: Apache-2.0
"""The page of filters: generated from the parser's table, with valid examples."""

import shlex
from pathlib import Path

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.fields import ALIASES, CONTAINER, NUMBER_FIELDS, STRING_FIELDS
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.kinds import FILTER_KINDS, Kind
from tracee_ref.filters.parse import build_scopes
from tracee_ref.filters.reference import reference
from tracee_ref.help import filter_help

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "filters.md"


def test_reference_is_up_to_date() -> None:
    """The page equals what the generator prints."""
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "write it anew: python -m tracee_ref.filters.reference >docs/guide/filters.md"
    )


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_reference_examples_parse(kind: Kind) -> None:
    flags = shlex.split(kind.command)[1::2]
    filters = [read_filter(flag, load_catalogue()) for flag in flags]
    assert filters[-1].kind is kind
    (scope,) = build_scopes(filters, load_catalogue())
    assert scope.number == 1


@pytest.mark.parametrize("kind", FILTER_KINDS, ids=lambda kind: kind.name)
def test_reference_equals_help(kind: Kind) -> None:
    """The page and the help text contain the same descriptions."""
    help_text = " ".join(filter_help().split())
    page = reference().replace(r"\*", "*")
    for text in (kind.form, kind.takes, kind.summary, kind.command, kind.selects):
        assert text in help_text
        assert text in page
    for spelling in kind.spellings:
        assert f"`{spelling}`" in page


@pytest.mark.parametrize(
    "name", [*ALIASES, *ALIASES.values(), *NUMBER_FIELDS, *STRING_FIELDS, *CONTAINER]
)
def test_reference_has_context_fields(name: str) -> None:
    """Every context field is on the page and can be parsed."""
    assert f"`{name}`" in reference()
    flag = f"openat.context.{name}" + ("" if name in CONTAINER else "=1")
    assert read_filter(flag, load_catalogue()).conditions
