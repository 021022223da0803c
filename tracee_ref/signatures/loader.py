# SPDX-License-Identifier: Apache-2.0
"""Loader of signatures from entry points and from files in directories."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, TypeAlias

from ..errors import UsageCode, UsageError
from .base import Signature
from .runner import ERRORS, error_line

GROUP: Final = "tracee_ref.signatures"
"""Group of the entry points; each is a class, or a module with classes."""

Warn: TypeAlias = Callable[[str], None]
"""Logs a line about what could not be loaded."""

Classes: TypeAlias = list[type[Signature]]


def installed(warn: Warn) -> Classes:
    """Return the signatures of installed packages."""
    found: Classes = []
    for entry in signature_entry_points():
        found += _try_load(f"entry point {entry.name}", partial(_of_entry, entry), warn)
    return found


@cache
def signature_entry_points() -> list[EntryPoint]:
    """Return the entry points of GROUP; cached, since all installed packages are searched."""
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def in_directories(directories: Iterable[Path], warn: Warn) -> Classes:
    """Return the signatures in the Python files of directories; raises UsageError."""
    found: Classes = []
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(
                UsageCode.INPUT,
                f"--signatures {directory}: no such directory; give one of .py files",
            )
        for file in sorted(directory.glob("*.py")):
            found += _try_load(str(file), partial(_of_file, file), warn)
    return found


def _try_load(source: str, load: Callable[[], Classes], warn: Warn) -> Classes:
    """Return what ``load`` returns, or warn if it raises."""
    try:
        return load()
    except ERRORS as error:
        warn(f"{source}: not loaded: {error_line(error)}")
        return []


def _of_entry(entry: EntryPoint) -> Classes:
    loaded = entry.load()
    if not inspect.isclass(loaded):
        return _classes(loaded)
    if not issubclass(loaded, Signature):
        raise TypeError(f"{loaded.__name__} is not a Signature")
    return [loaded]


def _of_file(file: Path) -> Classes:
    spec = importlib.util.spec_from_file_location(f"signatures_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return _classes(module)


def _classes(module: object) -> Classes:
    """Return the signatures that are defined in a module."""
    own = getattr(module, "__name__", "")
    found = (value for value in vars(module).values() if inspect.isclass(value))
    return [kind for kind in found if issubclass(kind, Signature) and kind.__module__ == own]
