# SPDX-License-Identifier: Apache-2.0
"""The C files of ``bpf/`` as programs in the kernel, without kernel headers, and their maps."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from struct import Struct
from typing import Final

from ...errors import HostCode, HostError
from .bpf_syscall import MapShape, ProgramInfo, program_info
from .btf import Btf, Wanted
from .cache import compiled
from .compiler import INSTRUCTION, LOAD_IMMEDIATE, PSEUDO_MAP
from .libbpf import libbpf
from .structures import merged, structures_of

PROGRAM_TYPES: Final = {
    "KPROBE": 2,
    "SCHED_CLS": 3,
    "TRACEPOINT": 5,
    "CGROUP_SKB": 8,
    "CGROUP_SOCK": 9,
    "SOCK_OPS": 13,
    "RAW_TRACEPOINT": 17,
    "CGROUP_SOCK_ADDR": 18,
    "FENTRY": 26,
    "FEXIT": 26,
}
"""``enum bpf_prog_type``."""

ATTACH_TYPES: Final = {"FENTRY": 24, "FEXIT": 25}
"""``enum bpf_attach_type`` of programs at a function, which must be told when they are loaded."""

LOG_BYTES: Final = 1 << 24
VERIFIED: Final = re.compile(r"processed (\d+) insns")
LOG_REASONS: Final = 1
LOG_STATS: Final = 4
"""Have the verifier tell its statistics only (BPF_LOG_STATS, kernel/bpf/verifier.c)."""

MAP_OPTIONS: Final = Struct("=Q6I")
"""``struct bpf_map_create_opts`` of libbpf up to ``map_flags``."""

LOAD_OPTIONS: Final = Struct("=Q9I4xQQ2IQ2I2IQ")
"""``struct bpf_prog_load_opts`` of libbpf up to ``log_buf``."""

KERNEL_FUNCTIONS: Final = {
    "bpf_preempt_disable": 0x7FF0_0001,
    "bpf_preempt_enable": 0x7FF0_0002,
    "bpf_rdonly_cast": 0x7FF0_0003,
}
"""Functions of the kernel that programs call, and the numbers that stand for them in the C text:
BCC knows helpers only."""

TRACER_PID: Final = 0x7FF0_1001
"""Stands for our process id in the C text, which is then the same in every run."""

CALL: Final = 0x85
MOVE_IMMEDIATE: Final = 0xB7
PSEUDO_KFUNC_CALL: Final = 2 << 4
"""In the place of the source register (linux/bpf.h)."""

INCLUDE: Final = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)

NOTHING_MORE: Final[Wanted] = {}


class Program:
    """A compiled C file with its maps and functions; raises HostError where BPF is refused.

    ``source`` is the file's text, which may include headers of ``bpf/``.  ``more`` are kernel
    structures that only this run reads, ``tracer`` is the tgid that never matches (rule 14),
    ``possible_cpus`` the number of values in an element of a per-CPU map.
    """

    def __init__(
        self,
        name: str,
        source: str,
        defines: Mapping[str, str],
        btf: Btf,
        more: Wanted = NOTHING_MORE,
        *,
        tracer: int | None = None,
    ) -> None:
        self._lib = libbpf()
        self._tracer = os.getpid() if tracer is None else tracer
        self._attached: list[int] = []
        self._loaded: dict[str, int] = {}
        self._btf = btf
        self._kernel_functions = kernel_functions(btf)
        self.possible_cpus: int = self._lib.libbpf_num_possible_cpus()
        program = compiled(name, self._text(source, defines, btf, more))
        self._functions = program.functions
        self._maps: dict[str, int] = {}
        self._shapes: dict[int, MapShape] = {}
        for shape in program.maps:
            fd = self._maps[shape.name] = self._create(shape)
            self._shapes[fd] = shape

    @staticmethod
    def _text(source: str, defines: Mapping[str, str], btf: Btf, more: Wanted) -> str:
        """Return one self-contained text: BCC rewrites only what stands in its main file."""
        structures, of_kernel = structures_of(btf)
        of_kernel |= {"TRACER_PID": str(TRACER_PID)}
        known, (disable, enable, cast) = kernel_functions(btf), KERNEL_FUNCTIONS.values()
        if disable in known:
            of_kernel["PREEMPT_DISABLE_CALL"] = str(disable)
            of_kernel["PREEMPT_ENABLE_CALL"] = str(enable)
        if cast in known:
            type_ = str(btf.structure("pt_regs"))
            of_kernel |= {"CAST_CALL": str(cast), "TYPED_REGISTERS": type_}
        lines = [f"#define {key} {value}" for key, value in {**defines, **of_kernel}.items()]
        declared = btf.declarations(merged(structures, more))
        return "\n".join([*lines, declared, _inlined(source, set())])

    def _create(self, shape: MapShape) -> int:
        options = MAP_OPTIONS.pack(MAP_OPTIONS.size, *[0] * 5, shape.flags)
        sizes = shape.key_size, shape.value_size, shape.entries
        fd: int = self._lib.bpf_map_create(shape.kind, shape.name[:15].encode(), *sizes, options)
        if fd < 0:
            raise refused(f"map {shape.name}", os.strerror(-fd))
        return fd

    def load(self, function: str, kind: str, at: str = "") -> int:
        """Have the verifier check a function; return its file descriptor.

        ``kind`` is a key of PROGRAM_TYPES; ``at`` names the kernel's function for those kinds
        that are for one alone.  A function is loaded once for each.
        """
        name = f"{function} {at}".strip()
        if name in self._loaded:
            return self._loaded[name]
        fd, _ = self._load(function, kind, at, 0)
        if fd < 0:
            error, log = self._load(function, kind, at, LOG_REASONS)
            raise refused(name, telling_line(log) or os.strerror(-error))
        self._loaded[name] = fd
        return fd

    def _load(self, function: str, kind: str, at: str, log_level: int) -> tuple[int, str]:
        """Return the file descriptor, or a negative error, and the verifier's log."""
        code = self._linked(function)
        log = ctypes.create_string_buffer(LOG_BYTES if log_level else 1)
        told = (log_level, len(log), ctypes.addressof(log)) if log_level else (0, 0, 0)
        options = load_options(kind, (at and self._btf.function(at)) or 0, told)
        number, count = PROGRAM_TYPES[kind], len(code) // INSTRUCTION.size
        name = function[:15].encode()
        fd: int = self._lib.bpf_prog_load(number, name, b"GPL", code, count, options)
        return fd, log.value.decode(errors="replace")

    def _linked(self, function: str) -> bytes:
        """Return the code of a function with what only this run knows put in its places."""
        fds, code = [*self._maps.values()], bytearray(self._functions[function])
        for at in range(0, len(code), INSTRUCTION.size):
            operation, registers, offset, value = INSTRUCTION.unpack_from(code, at)
            if operation == LOAD_IMMEDIATE and registers >> 4 == PSEUDO_MAP:
                value = fds[value]
            elif operation == CALL and value in self._kernel_functions:
                registers, value = PSEUDO_KFUNC_CALL, self._kernel_functions[value]
            elif operation == MOVE_IMMEDIATE and value == TRACER_PID:
                value = self._tracer
            else:
                continue
            INSTRUCTION.pack_into(code, at, operation, registers, offset, value)
        return bytes(code)

    def attach_raw_tracepoint(self, point: str, function: str) -> None:
        """Load a function and run it at a raw tracepoint."""
        program = self.load(function, "RAW_TRACEPOINT")
        fd: int = self._lib.bpf_raw_tracepoint_open(point.encode(), program)
        if fd < 0:
            raise refused(f"raw tracepoint {point}", os.strerror(-fd))
        self._attached.append(fd)

    def detach_raw_tracepoints(self) -> None:
        """Take all functions off their raw tracepoints."""
        for fd in self._attached:
            os.close(fd)
        self._attached.clear()

    def verified(self, function: str, kind: str, at: str = "") -> int:
        """Return how many instructions the verifier goes through for a function.

        The function is loaded for that alone.  Older kernels tell it nowhere but in their log.
        """
        fd, log = self._load(function, kind, at, LOG_STATS)
        if fd < 0:
            self.load(function, kind, at)  # raises, with the reason
        os.close(fd)
        found = VERIFIED.search(log)
        return int(found[1]) if found else 0

    def infos(self) -> dict[str, ProgramInfo]:
        """Return what the kernel tells of each function that was loaded."""
        return {function: program_info(fd) for function, fd in self._loaded.items()}

    def map_fd(self, name: str) -> int:
        """Return the file descriptor of a map; KeyError if the program has none of that name."""
        return self._maps[name]

    def update(self, fd: int, key: bytes, value: bytes, flags: int = 0) -> int:
        """Set a map's element; return 0 or the errno.

        Raises ValueError if the sizes are not those of the compiled map.
        """
        shape = self._shapes[fd]
        if (len(key), len(value)) != (shape.key_size, shape.value_size):
            raise ValueError(
                f"map {shape.name}: element of {len(key)} and {len(value)} bytes,"
                f" not {shape.key_size} and {shape.value_size}"
            )
        return -int(self._lib.bpf_map_update_elem(fd, key, value, flags))

    def delete(self, fd: int, key: bytes) -> None:
        """Remove an element, if it is there."""
        self._lib.bpf_map_delete_elem(fd, key)

    def lookup(self, fd: int, key: bytes, size: int) -> bytes | None:
        """Return the ``size`` bytes of an element (of all CPUs, for a per-CPU map), or None."""
        value = ctypes.create_string_buffer(size)
        if self._lib.bpf_map_lookup_elem(fd, key, value) < 0:
            return None
        return value.raw

    def keys(self, fd: int, size: int) -> Iterator[bytes]:
        """Give the keys of a map; of one that changes meanwhile, some may come twice or never."""
        key, following = None, ctypes.create_string_buffer(size)
        while self._lib.bpf_map_get_next_key(fd, key, following) == 0:
            yield following.raw
            key = following.raw

    def close(self) -> None:
        """Detach and unload everything."""
        self.detach_raw_tracepoints()
        for fd in [*self._loaded.values(), *self._maps.values()]:
            os.close(fd)
        self._loaded.clear()
        self._maps.clear()


def load_options(kind: str, at: int, told: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return libbpf's options for a program.

    ``at`` is the number of the function that it is for; ``told`` are level, size and address of
    the verifier's log.
    """
    of_type = (0, ATTACH_TYPES.get(kind, 0), 0, 0, 0, 0, at, 0, 0)
    return LOAD_OPTIONS.pack(LOAD_OPTIONS.size, *of_type, *[0] * 7, *told)


def kernel_functions(btf: Btf) -> dict[int, int]:
    """Return the kernel's number of each function that it has, by that in the C text."""
    found = {number: btf.function(name) for name, number in KERNEL_FUNCTIONS.items()}
    return {number: id_ for number, id_ in found.items() if id_}


def refused(what: str, reason: str) -> HostError:
    """Return the error that says that the kernel refused something."""
    return HostError(
        HostCode.REFUSED,
        f"{what}: refused by the kernel ({reason}); tracing needs root, CAP_BPF and CAP_PERFMON",
    )


def telling_line(text: str) -> str:
    """Return the line that says why: in a verifier's log the one above its statistics."""
    lines = text.strip().splitlines()
    for place, line in enumerate(lines):
        if VERIFIED.match(line) and place:
            return lines[place - 1]
    return lines[0] if lines else ""


@cache
def bpf_source(name: str) -> str:
    """Return the text of a file of ``bpf/``."""
    return (files("bpf") / name).read_text(encoding="utf-8").replace("#pragma once\n", "")


def _inlined(text: str, seen: set[str]) -> str:
    """Return C text with our headers inlined, each once; add their names to ``seen``."""

    def header(include: re.Match[str]) -> str:
        name = include[1]
        if name in seen:
            return ""
        seen.add(name)
        return _inlined(bpf_source(name), seen)

    return INCLUDE.sub(header, text)
