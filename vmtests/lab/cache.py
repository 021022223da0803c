# SPDX-License-Identifier: Apache-2.0
"""Cache directory for fetched kernels and facts about this machine."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """Return the directory, which is the user's, so that every clone shares the kernels."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "tracee-ref"
    path.mkdir(parents=True, exist_ok=True)
    return path
