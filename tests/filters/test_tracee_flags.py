# SPDX-License-Identifier: Apache-2.0
"""Tracee's own unit tests of ``-f`` and ``-o``, where the semantics are the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.output.flags import parse_outputs
from tracee_ref.strings import visible

VECTORS = json.loads((Path(__file__).parents[1] / "data/upstream_flags.json").read_text("utf-8"))


def vectors(group: str) -> list[Any]:
    return [pytest.param(case, id=f"{group}-{case['line']}") for case in VECTORS[group]]


def expected_error(case: dict[str, Any]) -> str | None:
    error: str | None = case.get("ours", case["upstream"])
    return error


@pytest.mark.parametrize("case", vectors("filters") + vectors("events"))
def test_tracee_filter_flags(case: dict[str, Any]) -> None:
    wanted = expected_error(case)
    if wanted is not None:
        with pytest.raises(UsageError) as error:
            parse_filters(case["flags"], load_catalogue())
        assert visible(wanted) in str(error.value)
        return
    (scope,) = parse_filters(case["flags"], load_catalogue())
    assert scope.events
    if "events" in case:
        assert scope.events == set(case["events"])


@pytest.mark.parametrize("case", vectors("outputs"))
def test_tracee_output_flags(case: dict[str, Any]) -> None:
    wanted = expected_error(case)
    if wanted is not None:
        with pytest.raises(UsageError) as error:
            parse_outputs(case["outputs"])
        assert wanted in str(error.value)
        return
    plan = parse_outputs(case["outputs"])
    assert plan.options == set(case.get("our_options", case["options"]))
    if case["sinks"] is not None:
        assert [[target.format, target.path] for target in plan.targets] == case["sinks"]
