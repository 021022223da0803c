# SPDX-License-Identifier: Apache-2.0
"""Where signatures come from: shipped, installed as entry points, or files in a directory."""

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
from .runner import ERRORS, described

GROUP: Final = "tracee_ref.signatures"
"""The group of entry points; each is a class, or a module with classes."""

Complain: TypeAlias = Callable[[str], None]
"""Is told, in a line, of what is left out."""

Classes: TypeAlias = list[type[Signature]]


def installed(complain: Complain) -> Classes:
    """Return the signatures of installed packages."""
    found: Classes = []
    for entry in announced():
        found += attempted(f"entry point {entry.name}", partial(_of_entry, entry), complain)
    return found


@cache
def announced() -> list[EntryPoint]:
    """Return what packages announce: all that are installed have to be looked at for it."""
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def in_directories(directories: Iterable[Path], complain: Complain) -> Classes:
    """Return the signatures in the Python files of directories; UsageError if one is none."""
    found: Classes = []
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(
                UsageCode.INPUT,
                f"--signatures {directory}: no such directory; give one of .py files",
            )
        for file in sorted(directory.glob("*.py")):
            found += attempted(str(file), partial(_of_file, file), complain)
    return found


def attempted(source: str, load: Callable[[], Classes], complain: Complain) -> Classes:
    """Return what can be loaded; whatever goes wrong is told in a line."""
    try:
        return load()
    except ERRORS as error:
        complain(f"{source}: not loaded: {described(error)}")
        return []


def _of_entry(entry: EntryPoint) -> Classes:
    loaded = entry.load()
    if not inspect.isclass(loaded):
        return _classes(loaded)
    if not issubclass(loaded, Signature):
        raise TypeError(f"{loaded.__name__} is no Signature")
    return [loaded]


def _of_file(file: Path) -> Classes:
    spec = importlib.util.spec_from_file_location(f"signatures_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return _classes(module)


def _classes(module: object) -> Classes:
    """Return the signatures that a module defines itself."""
    own = getattr(module, "__name__", "")
    found = (value for value in vars(module).values() if inspect.isclass(value))
    return [kind for kind in found if issubclass(kind, Signature) and kind.__module__ == own]
