# SPDX-License-Identifier: Apache-2.0
"""bpf() commands that libbpf has no simple function for."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from struct import Struct, pack
from typing import Final, NamedTuple

from .refusal import refused

SYS_BPF: Final = {"x86_64": 321, "aarch64": 280}
OBJ_GET_INFO_BY_FD: Final = 15
LINK_CREATE: Final = 28

COMMANDS: Final = {LINK_CREATE: "packets of a cgroup", OBJ_GET_INFO_BY_FD: "bpf_obj_get_info"}
"""What commands are about, for messages."""

GET_INFO: Final = Struct("=IIQ")
INFO: Final = Struct("=208xQ")
"""``struct bpf_prog_info`` up to ``recursion_misses``; older kernels fill less of it."""

MAP_INFO: Final = Struct("=I4x4I")
"""``struct bpf_map_info`` up to ``map_flags``."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProgramInfo:
    """Statistics of a program.

    ``missed`` counts the times that it did not run because it was already running on that CPU:
    Linux v5.12, 9ed9e9ba2337 ("bpf: Count the number of times recursion was prevented"); 0 before.
    """

    missed: int


class MapShape(NamedTuple):
    """Parameters of a map; ``kind`` is a number of ``enum bpf_map_type``, sizes are bytes."""

    name: str
    kind: int
    key_size: int
    value_size: int
    entries: int
    flags: int


def map_shape(fd: int, name: str) -> MapShape:
    """Return the parameters of a map; the kernel truncates its ``name``."""
    return MapShape(name, *MAP_INFO.unpack(_info(fd, MAP_INFO.size)))


def program_info(fd: int) -> ProgramInfo:
    """Return the statistics of a loaded program."""
    return ProgramInfo(*INFO.unpack(_info(fd, INFO.size)))


def _info(fd: int, size: int) -> bytes:
    info = ctypes.create_string_buffer(size)
    attributes = GET_INFO.pack(fd, size, ctypes.addressof(info))
    bpf(OBJ_GET_INFO_BY_FD, ctypes.create_string_buffer(attributes, len(attributes)))
    return info.raw


def link_create(program: int, target: int, attach_type: int) -> int:
    """Attach a program to a cgroup, along with others; return the link, which holds it."""
    attributes = pack("=4I", program, target, attach_type, 0)
    return bpf(LINK_CREATE, ctypes.create_string_buffer(attributes, len(attributes)))


def bpf(command: int, attributes: ctypes.Array[ctypes.c_char]) -> int:
    """Make the system call with a command; raises HostError."""
    number = SYS_BPF[os.uname().machine]
    result: int = _libc.syscall(number, command, attributes, len(attributes))
    if result < 0:
        error = ctypes.get_errno()
        raise refused(COMMANDS.get(command, f"bpf({command})"), os.strerror(error), error)
    return result
