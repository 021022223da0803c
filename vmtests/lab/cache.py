"""Where what was fetched or found out about this machine is kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """The user's cache, not the project's: a fresh clone then finds the kernels again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "tracee-ref"
    path.mkdir(parents=True, exist_ok=True)
    return path
