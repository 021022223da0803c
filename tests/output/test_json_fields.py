# SPDX-License-Identifier: Apache-2.0
"""The JSON reference: up to date, and true of lines that the output prints."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import jsonschema
import pytest

from tests.output.samples import BASE, CONTAINER
from tracee_ref.events.event import Argument, TraceEvent
from tracee_ref.output.json_lines import JsonPrinter

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "make_json_fields.py"))
SCHEMA = json.loads(TOOL["SCHEMA"].read_text(encoding="utf-8"))


def test_json_fields_up_to_date() -> None:
    """The page and the schema are those that the tool makes."""
    assert TOOL["PAGE"].read_text(encoding="utf-8") == TOOL["page"]()
    assert TOOL["SCHEMA"].read_text(encoding="utf-8") == TOOL["schema_text"]()


def test_json_fields_complete() -> None:
    """Every field of an event has a meaning in the page, in the order of the output."""
    properties = TOOL["event_schema"]()["$defs"]["TraceEvent"]["properties"]
    assert list(TOOL["FIELDS"]) == list(properties)


@pytest.mark.parametrize("event", [BASE, CONTAINER], ids=["process", "container"])
def test_json_schema_accepts_lines(event: TraceEvent) -> None:
    """A printed line fits the schema."""
    jsonschema.validate(json.loads(JsonPrinter().line(event)), SCHEMA)


def test_json_schema_refuses_arguments() -> None:
    """Arguments of another event, or of another type, do not fit."""
    line = json.loads(JsonPrinter().line(BASE))
    for argument in (Argument("fd", "int", 3), Argument("exit_code", "long", [])):
        line["args"][0] = {"name": argument.name, "type": argument.type, "value": argument.value}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(line, SCHEMA)
