# SPDX-License-Identifier: Apache-2.0
"""Sources of plug-in signatures: installed packages, and files in directories."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

from ..errors import UsageCode, UsageError
from ..files.trusted import read_trusted, trusted_names
from ..files.walk import UnsafePathError
from .base import Signature

GROUP: Final = "tracee_ref.signatures"
"""Group of the entry points; each is a class, or a module with classes."""

Classes: TypeAlias = list[type[Signature]]


@dataclass(frozen=True)
class FileSource:
    """A Python file, with the code that it had when the run started."""

    path: str
    code: bytes

    def __str__(self) -> str:
        return self.path

    def load(self) -> Classes:
        """Execute the file and return its signatures; raises any exception."""
        module = ModuleType(f"signatures_{Path(self.path).stem}")
        module.__file__ = self.path
        sys.modules[module.__name__] = module
        exec(compile(self.code, self.path, "exec"), vars(module))
        return classes_of(module)


@dataclass(frozen=True)
class EntrySource:
    """An entry point of an installed package."""

    entry: EntryPoint

    def __str__(self) -> str:
        return f"entry point {self.entry.name}"

    def load(self) -> Classes:
        """Import what the entry point names and return its signatures; raises any exception."""
        loaded = self.entry.load()
        if not inspect.isclass(loaded):
            return classes_of(loaded)
        if not issubclass(loaded, Signature):
            raise TypeError(f"{loaded.__name__} is not a Signature")
        return [loaded]


Source: TypeAlias = FileSource | EntrySource


def sources(directories: Iterable[Path]) -> list[Source]:
    """Return the entry points, and the files of directories; raises UsageError."""
    files = [file for directory in directories for file in files_of(directory)]
    return [*map(EntrySource, signature_entry_points()), *files]


@cache
def signature_entry_points() -> list[EntryPoint]:
    """Return the entry points of GROUP; cached, since all installed packages are searched."""
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def files_of(directory: Path) -> list[FileSource]:
    """Return the Python files of a directory; raises UsageError, also if others can write them."""
    try:
        names = [name for name in trusted_names(str(directory)) if name.endswith(".py")]
        paths = [str(directory / name) for name in names]
        return [FileSource(path, read_trusted(path)) for path in paths]
    except UnsafePathError as error:
        raise UsageError(UsageCode.INPUT, f"--signatures {directory}: {error}") from None
    except (FileNotFoundError, NotADirectoryError):
        reason = "no such directory; give one of .py files"
        raise UsageError(UsageCode.INPUT, f"--signatures {directory}: {reason}") from None
    except OSError as error:
        reason = f"{error.strerror}; give a directory of .py files that you can read"
        raise UsageError(UsageCode.INPUT, f"--signatures {directory}: {reason}") from None


def classes_of(module: object) -> Classes:
    """Return the signatures that are defined in a module."""
    own = getattr(module, "__name__", "")
    found = (value for value in vars(module).values() if inspect.isclass(value))
    return [kind for kind in found if issubclass(kind, Signature) and kind.__module__ == own]
