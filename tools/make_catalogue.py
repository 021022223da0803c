# SPDX-License-Identifier: Apache-2.0
"""Writer of events/data/events.json from the event definitions of Tracee v0.12.

Usage: ``python tools/make_catalogue.py DEFINITIONS``.  Kept per event, in the order of ids:
id, name, syscall, internal, sets, arguments as [type, name], dependencies; one event a line.
Events that are declared (hooks.json) are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tracee_ref.events.declared_rows import shipped_declarations

TARGET = Path(__file__).parents[1] / "tracee_ref" / "events" / "data" / "events.json"


def row(event: dict[str, Any]) -> list[Any]:
    """Return the fields that the tracer needs of one definition, in a fixed order."""
    arguments = [[argument["type"], argument["name"]] for argument in event["args"]]
    kept = [event[key] for key in ("id", "name", "syscall", "internal", "sets")]
    return [*kept, arguments, event["depends_on"]]


def catalogue(definitions: list[dict[str, Any]]) -> str:
    """Return the text of the data file."""
    declared = shipped_declarations()
    rows = sorted(row(event) for event in definitions if event["name"] not in declared)
    lines = (json.dumps(fields, separators=(",", ":")) for fields in rows)
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    source = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(catalogue(source["events"]), encoding="utf-8")
