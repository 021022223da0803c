# SPDX-License-Identifier: Apache-2.0
"""What every shipped signature says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def described(
    id_: str, severity: int, category: str, technique: str, external_id: str
) -> Mapping[str, Any]:
    """Return the properties of a finding, by the names that upstream's have.

    ``severity`` is 0 to 3; category and technique are those of MITRE ATT&CK, where
    ``external_id`` is the number of the technique.
    """
    return {
        "id": id_,
        "Severity": severity,
        "Category": category,
        "Technique": technique,
        "external_id": external_id,
    }
