# SPDX-License-Identifier: Apache-2.0
"""Mapping file of ``--policies``: policies of later Tracee versions to scopes."""

from __future__ import annotations

from ...errors import UsageCode, UsageError
from ...files.trusted import read_trusted
from ...files.walk import UnsafePathError, own_descriptor
from ...model.scope import MAX_SCOPES
from ..inputs import read_input
from ..protocol.strict_json import parse_json
from .events_json import Policies


def read_policies(path: str) -> Policies:
    """Read policy name -> scope number; raise UsageError for any other content."""
    try:
        own = own_descriptor(path) is not None  # such as <(...) of a shell
        content = read_input(path, EXPECTED, "policies ") if own else read_trusted(path)
        data = parse_json(content)
    except (OSError, ValueError, UnsafePathError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            UsageCode.INPUT, f"policies {path}: cannot be read ({reason}) - {EXPECTED}"
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
