# SPDX-License-Identifier: Apache-2.0
"""Writes of BPF map elements, with the error of a write that the kernel refuses."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from struct import pack
from typing import Final

from ...errors import HostCode, HostError
from ..build.program import Program

BPF_ANY: Final = 0
BPF_NOEXIST: Final = 1
BPF_EXIST: Final = 2
"""Flags of BPF_MAP_UPDATE_ELEM (linux/bpf.h)."""


def write_entries(program: Program, name: str, entries: Mapping[bytes, bytes]) -> None:
    """Set elements of a map; raises HostError for the first one that the kernel refuses."""
    fd = program.map_fd(name)
    for key, value in entries.items():
        if error := program.update(fd, key, value, BPF_ANY):
            raise write_error(name, error)


def push_numbers(program: Program, name: str, numbers: Iterable[int]) -> None:
    """Add numbers of 32 bits to a queue; raises HostError for the first that is refused."""
    fd = program.map_fd(name)
    for number in numbers:
        if error := program.update(fd, b"", pack("I", number), BPF_ANY):
            raise write_error(name, error)


def add_entry(program: Program, name: str, key: bytes, value: bytes) -> int:
    """Set an element unless the map has it already; return 0 or the errno of a refusal."""
    error = program.update(program.map_fd(name), key, value, BPF_NOEXIST)
    return 0 if error == errno.EEXIST else error


def write_error(name: str, error: int) -> HostError:
    """Return the error of a refused write; ``error`` is the errno."""
    code = HostCode.TABLE_SIZE if error == errno.E2BIG else HostCode.REFUSED
    return HostError(code, f"map {name}: write refused by the kernel ({os.strerror(error)})")
