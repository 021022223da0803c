# SPDX-License-Identifier: Apache-2.0
"""Cache directory for fetched kernels, built programs, facts about this host."""

from __future__ import annotations

import os
from pathlib import Path

from tracee_ref.errors import HostCode, HostError
from tracee_ref.files.trusted import check_private, opened_trusted
from tracee_ref.files.walk import UnsafePathError


def cache_directory() -> Path:
    """Return the directory, which is the user's, so that every clone shares the kernels.

    What is there is booted and executed: raises HostError if others can write it.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "tracee-ref"
    path.mkdir(parents=True, exist_ok=True)
    try:
        with opened_trusted(str(path), check_private, os.O_DIRECTORY):
            return path
    except UnsafePathError as error:
        raise HostError(HostCode.UNTRUSTED, f"kernels and programs of tests: {error}") from error
