# SPDX-License-Identifier: Apache-2.0
"""Mapping file of ``--policies``: policies of later Tracee versions to scopes."""

from __future__ import annotations

import json
from pathlib import Path

from ...errors import UsageCode, UsageError
from ...model.scope import MAX_SCOPES
from .events_json import Policies


def read_policies(path: str) -> Policies:
    """Read policy name -> scope number; raise UsageError for any other content."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            UsageCode.INPUT, f"policies {path}: cannot be read ({error}) - {EXPECTED}"
        ) from error
    if not isinstance(data, dict):
        raise UsageError(UsageCode.INPUT, f"policies {path}: not an object - {EXPECTED}")
    for name, number in data.items():
        if type(number) is not int or not 1 <= number <= MAX_SCOPES:
            raise UsageError(
                UsageCode.INPUT, f"policies {path}: {name!r} is not mapped to a scope - {EXPECTED}"
            )
    return data


EXPECTED = f'expected {{"POLICY": SCOPE}}, scopes from 1 to {MAX_SCOPES}'
