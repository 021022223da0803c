# SPDX-License-Identifier: Apache-2.0
"""Hooks that the user chooses: where a program is attached, what it reads there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

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


class ValueLocation(NamedTuple):
    """Where a program finds a number of ``size`` bytes when it enters a hook in user memory.

    With ``argument`` that is an argument of the function, by its index.  Otherwise it is
    ``base`` + ``scaled`` * ``scale`` + ``offset``, registers by their names in ``struct pt_regs``;
    with ``memory`` what is at that address.
    """

    size: int = 8
    signed: bool = False
    argument: int | None = None
    base: str = ""
    scaled: str = ""
    scale: int = 1
    offset: int = 0
    memory: bool = False


class UserArgument(NamedTuple):
    """An argument at a hook in user memory."""

    name: str
    type: str
    shape: Shape


class UserSite(NamedTuple):
    """An offset in a file where programs are stopped, and the locations of the arguments there.

    ``semaphore`` is the offset of a counter that the kernel raises meanwhile, 0 for none.
    """

    offset: int
    locations: tuple[ValueLocation, ...] = ()
    semaphore: int = 0


@dataclass(frozen=True, slots=True)
class UserHook:
    """A function, or a static probe, of a program or library.

    With ``at_return`` it is the return of the function.
    """

    path: str
    sites: tuple[UserSite, ...]
    arguments: tuple[UserArgument, ...] = ()
    at_return: bool = False


ChosenHook: TypeAlias = TracepointHook | UserHook
