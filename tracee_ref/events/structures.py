# SPDX-License-Identifier: Apache-2.0
"""Structures that syscalls are given in memory, with their layouts.

Only structures that 32-bit programs lay out in the same way are here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from typing import Final, NamedTuple

from .catalogue import data_file


class Extent(Enum):
    """Where the length of a structure is."""

    NEXT = auto()
    """In the next argument."""

    FIXED = auto()
    """Nowhere: it is constant."""

    ARRAY = auto()
    """The number of structures is in the next argument."""


class GivenStructure(NamedTuple):
    """A structure, or several ``elements``, that an argument points to."""

    structure: str
    extent: Extent
    elements: int = 1
    first_bytes: int = 0
    """Size of its first version, if others are larger: no program gives less."""

    @property
    def is_list(self) -> bool:
        """Whether there may be more than one."""
        return self.elements > 1 or self.extent is Extent.ARRAY


class StructureMember(NamedTuple):
    """A member of a structure; ``size`` in bytes is 0 for an array at the end."""

    name: str
    offset: int
    size: int
    signed: bool


GIVEN_STRUCTURES: Final[Mapping[tuple[str, str], GivenStructure]] = {
    ("openat2", "how"): GivenStructure("open_how", Extent.NEXT),
    ("clone3", "cl_args"): GivenStructure("clone_args", Extent.NEXT),
    ("mount_setattr", "uattr"): GivenStructure("mount_attr", Extent.NEXT),
    ("open_tree_attr", "uattr"): GivenStructure("mount_attr", Extent.NEXT),
    ("landlock_create_ruleset", "attr"): GivenStructure("landlock_ruleset_attr", Extent.NEXT),
    ("setxattrat", "uargs"): GivenStructure("xattr_args", Extent.NEXT),
    ("getxattrat", "uargs"): GivenStructure("xattr_args", Extent.NEXT),
    ("file_setattr", "ufattr"): GivenStructure("file_attr", Extent.NEXT),
    ("lsm_set_self_attr", "ctx"): GivenStructure("lsm_ctx", Extent.NEXT),
    ("sched_setattr", "attr"): GivenStructure("sched_attr", Extent.FIXED, first_bytes=48),
    ("statmount", "req"): GivenStructure("mnt_id_req", Extent.FIXED, first_bytes=24),
    ("listmount", "req"): GivenStructure("mnt_id_req", Extent.FIXED, first_bytes=24),
    ("listns", "req"): GivenStructure("ns_id_req", Extent.FIXED),
    ("cachestat", "cstat_range"): GivenStructure("cachestat_range", Extent.FIXED),
    ("futex_wait", "timeout"): GivenStructure("__kernel_timespec", Extent.FIXED),
    ("futex_waitv", "timeout"): GivenStructure("__kernel_timespec", Extent.FIXED),
    ("futex_requeue", "waiters"): GivenStructure("futex_waitv", Extent.FIXED, 2),
    ("futex_waitv", "waiters"): GivenStructure("futex_waitv", Extent.ARRAY),
}
"""Structures by event and argument."""


def given_structure(event: str, argument: str) -> GivenStructure:
    """Return the structure that an argument points to; KeyError if it points to none."""
    return GIVEN_STRUCTURES[event, argument]


@cache
def layouts() -> Mapping[str, tuple[StructureMember, ...]]:
    """Return the members of each structure, in the order of their offsets."""
    rows = json.loads(data_file("structures.json"))
    return {name: tuple(StructureMember(*member) for member in members) for name, members in rows}


@cache
def structure_bytes(name: str) -> int:
    """Return the size of a structure."""
    last = layouts()[name][-1]
    return last.offset + last.size
