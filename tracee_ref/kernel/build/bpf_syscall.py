# SPDX-License-Identifier: Apache-2.0
"""The bpf() system call for what libbpf has no simple function for."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from struct import Struct, pack
from typing import Final, NamedTuple

from ...errors import HostCode, HostError

SYS_BPF: Final = {"x86_64": 321, "aarch64": 280}
PROG_TEST_RUN: Final = 10
OBJ_GET_INFO_BY_FD: Final = 15
LINK_CREATE: Final = 28

GET_INFO: Final = Struct("=IIQ")
TEST_RUN: Final = Struct("=IIIIQQII")
"""The attributes of a test run; the kernel fills in the return value (the second) and the mean
duration in ns (the last)."""

INFO: Final = Struct("=208xQI4x")
"""``struct bpf_prog_info`` up to ``verified_insns``; older kernels fill less of it."""

MAP_INFO: Final = Struct("=I4x4I")
"""``struct bpf_map_info`` up to ``map_flags``."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProgramInfo:
    """What the kernel tells of a program.

    ``missed`` counts the times it did not run because it was running on that CPU already
    (Linux 5.12, 9ed9e9ba2337), ``verified`` the instructions that the verifier went through
    (5.16, aba64c7da983); 0 on kernels that do not tell.
    """

    missed: int
    verified: int


class MapShape(NamedTuple):
    """What a map is made with; ``kind`` is a number of ``enum bpf_map_type``."""

    name: str
    kind: int
    key_size: int
    value_size: int
    entries: int
    flags: int


def map_shape(fd: int, name: str) -> MapShape:
    """Return what the kernel tells of a map that it knows by a shorter name."""
    return MapShape(name, *MAP_INFO.unpack(_info(fd, MAP_INFO.size)))


def program_info(fd: int) -> ProgramInfo:
    """Return what the kernel tells of a loaded program."""
    return ProgramInfo(*INFO.unpack(_info(fd, INFO.size)))


def _info(fd: int, size: int) -> bytes:
    info = ctypes.create_string_buffer(size)
    attributes = GET_INFO.pack(fd, size, ctypes.addressof(info))
    _bpf(OBJ_GET_INFO_BY_FD, ctypes.create_string_buffer(attributes, len(attributes)))
    return info.raw


def test_run(fd: int, data: ctypes.Array[ctypes.c_char]) -> int:
    """Run a program on packet data, which it may change; return its return value."""
    return _test_run(fd, data, 0)[0]


def timed_run(fd: int, data: ctypes.Array[ctypes.c_char], repeat: int) -> int:
    """Run a program again and again; return the nanoseconds that one run takes."""
    return _test_run(fd, data, repeat)[1]


def _test_run(fd: int, data: ctypes.Array[ctypes.c_char], repeat: int) -> tuple[int, int]:
    """Return what the program returned, and the mean duration."""
    address, size = ctypes.addressof(data), len(data)
    attributes = TEST_RUN.pack(fd, 0, size, size, address, address, repeat, 0)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    _bpf(PROG_TEST_RUN, buffer)
    _, retval, _, _, _, _, _, duration = TEST_RUN.unpack(buffer.raw)
    return retval, duration


def link_create(program: int, target: int, attach_type: int) -> int:
    """Attach a program beside others that may be there; return the link, which holds it there."""
    attributes = pack("=4I", program, target, attach_type, 0)
    return _bpf(LINK_CREATE, ctypes.create_string_buffer(attributes, len(attributes)))


def _bpf(command: int, attributes: ctypes.Array[ctypes.c_char]) -> int:
    number = SYS_BPF[os.uname().machine]
    result: int = _libc.syscall(number, command, attributes, len(attributes))
    if result < 0:
        raise HostError(HostCode.REFUSED, f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return result
