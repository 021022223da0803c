# SPDX-License-Identifier: Apache-2.0
"""Hooks that the user chooses: where a program is attached, what it reads there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .shapes import Shape


@dataclass(frozen=True, slots=True)
class TracepointField:
    """A field of the record of a tracepoint, at an offset in bytes.

    ``location`` is empty for a field that has its value, or the kind of location of an array
    that follows the fields.  ``element`` is the format of the elements of an array of numbers.
    """

    name: str
    type: str
    shape: Shape
    offset: int
    size: int
    signed: bool = False
    element: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class TracepointHook:
    """A tracepoint GROUP:NAME."""

    point: str
    fields: tuple[TracepointField, ...]


ChosenHook: TypeAlias = TracepointHook
