# SPDX-License-Identifier: Apache-2.0
"""Compiled BPF programs in the kernel: their maps, loading, and raw tracepoints."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final

from .bpf_syscall import MapShape, ProgramInfo, program_info
from .btf import Btf, Fields
from .cache import compiled
from .compiler import INSTRUCTION, LOAD_IMMEDIATE, PSEUDO_MAP
from .libbpf import libbpf
from .refusal import refused
from .source import TRACER_PID, kfunc_ids, program_text

PROGRAM_TYPES: Final = {
    "KPROBE": 2,
    "KRETPROBE": 2,
    "UPROBE": 2,
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
"""``enum bpf_attach_type``, for types that need it when a program is loaded."""

LOG_BYTES: Final = 1 << 24
STATISTICS: Final = re.compile(r"processed \d+ insns")
"""Last line of the verifier's log."""

LOG_REASONS: Final = 1

MAP_OPTIONS: Final = Struct("=Q6I")
"""``struct bpf_map_create_opts`` of libbpf up to ``map_flags``."""

LOAD_OPTIONS: Final = Struct("=Q9I4xQQ2IQ2I2IQ")
"""``struct bpf_prog_load_opts`` of libbpf up to ``log_buf``."""

CALL: Final = 0x85
MOVE_IMMEDIATE: Final = 0xB7
PSEUDO_KFUNC_CALL: Final = 2 << 4
"""In the source register of a call (linux/bpf.h)."""


class Program:
    """A compiled C file with its maps and functions; raises HostError where BPF is refused.

    ``source`` is the file's text, which may include headers of ``bpf/``.  ``fields`` are
    kernel structures that only this run reads, ``tracer`` is the tgid that never matches (rule 14),
    ``possible_cpus`` the number of values in an element of a per-CPU map.
    """

    def __init__(
        self,
        name: str,
        source: str,
        defines: Mapping[str, str],
        btf: Btf,
        fields: Fields | None = None,
        *,
        tracer: int | None = None,
    ) -> None:
        self._lib = libbpf()
        self._tracer = os.getpid() if tracer is None else tracer
        self._attached: list[int] = []
        self._loaded: dict[str, int] = {}
        self._btf = btf
        self._kfuncs = kfunc_ids(btf)
        self.possible_cpus: int = self._lib.libbpf_num_possible_cpus()
        program = compiled(name, program_text(source, defines, btf, fields or {}))
        self._functions = program.functions
        self._maps: dict[str, int] = {}
        self._shapes: dict[int, MapShape] = {}
        for shape in program.maps:
            fd = self._maps[shape.name] = self._create(shape)
            self._shapes[fd] = shape

    def _create(self, shape: MapShape) -> int:
        options = MAP_OPTIONS.pack(MAP_OPTIONS.size, *[0] * 5, shape.flags)
        sizes = shape.key_size, shape.value_size, shape.entries
        fd: int = self._lib.bpf_map_create(shape.kind, shape.name[:15].encode(), *sizes, options)
        if fd < 0:
            raise refused(f"map {shape.name}", os.strerror(-fd), -fd)
        return fd

    def load(self, function: str, kind: str, at: str = "") -> int:
        """Load a function; return its file descriptor.

        ``kind`` is a key of PROGRAM_TYPES; ``at`` is the kernel function, for types that attach to
        one.  A function is loaded once for each kernel function.
        """
        name = f"{function} {at}".strip()
        if name in self._loaded:
            return self._loaded[name]
        fd, _ = self.try_load(function, kind, at, 0)
        if fd < 0:
            error, log = self.try_load(function, kind, at, LOG_REASONS)
            reason = reason_in_log(log)  # of the verifier; others have none
            raise refused(name, reason or os.strerror(-error), 0 if reason else -error)
        self._loaded[name] = fd
        return fd

    def try_load(self, function: str, kind: str, at: str, log_level: int) -> tuple[int, str]:
        """Load a function; return the descriptor, or a negative errno, and the verifier's log."""
        code = self._linked(function)
        log = ctypes.create_string_buffer(LOG_BYTES if log_level else 1)
        log_options = (log_level, len(log), ctypes.addressof(log)) if log_level else (0, 0, 0)
        options = load_options(kind, (at and self._btf.function(at)) or 0, log_options)
        number, count = PROGRAM_TYPES[kind], len(code) // INSTRUCTION.size
        name = function[:15].encode()
        fd: int = self._lib.bpf_prog_load(number, name, b"GPL", code, count, options)
        return fd, log.value.decode(errors="replace")

    def _linked(self, function: str) -> bytes:
        """Return a function's code with this run's map descriptors, kfunc ids and tgid."""
        fds, code = [*self._maps.values()], bytearray(self._functions[function])
        for at in range(0, len(code), INSTRUCTION.size):
            operation, registers, offset, value = INSTRUCTION.unpack_from(code, at)
            if operation == LOAD_IMMEDIATE and registers >> 4 == PSEUDO_MAP:
                value = fds[value]
            elif operation == CALL and value in self._kfuncs:
                registers, value = PSEUDO_KFUNC_CALL, self._kfuncs[value]
            elif operation == MOVE_IMMEDIATE and value == TRACER_PID:
                value = self._tracer
            else:
                continue
            INSTRUCTION.pack_into(code, at, operation, registers, offset, value)
        return bytes(code)

    def attach_raw_tracepoint(self, point: str, function: str) -> None:
        """Load a function and attach it to a raw tracepoint."""
        program = self.load(function, "RAW_TRACEPOINT")
        fd: int = self._lib.bpf_raw_tracepoint_open(point.encode(), program)
        if fd < 0:
            raise refused(f"raw tracepoint {point}", os.strerror(-fd), -fd)
        self._attached.append(fd)

    def detach_raw_tracepoints(self) -> None:
        """Detach all functions from their raw tracepoints."""
        for fd in self._attached:
            os.close(fd)
        self._attached.clear()

    def infos(self) -> dict[str, ProgramInfo]:
        """Return the kernel's information about each loaded function."""
        return {function: program_info(fd) for function, fd in self._loaded.items()}

    def map_fd(self, name: str) -> int:
        """Return the file descriptor of a map; raises KeyError if the program has no such map."""
        return self._maps[name]

    def update(self, fd: int, key: bytes, value: bytes, flags: int = 0) -> int:
        """Set an element of a map; return 0 or the errno.  The key of a queue is empty.

        Raises ValueError if the sizes are not those of the compiled map.
        """
        shape = self._shapes[fd]
        if (len(key), len(value)) != (shape.key_size, shape.value_size):
            raise ValueError(
                f"map {shape.name}: element of {len(key)} and {len(value)} bytes,"
                f" not {shape.key_size} and {shape.value_size}"
            )
        return -int(self._lib.bpf_map_update_elem(fd, key or None, value, flags))

    def delete(self, fd: int, key: bytes) -> None:
        """Remove an element if it exists."""
        self._lib.bpf_map_delete_elem(fd, key)

    def lookup(self, fd: int, key: bytes, size: int) -> bytes | None:
        """Return ``size`` bytes of an element, for a per-CPU map those of all CPUs, or None."""
        value = ctypes.create_string_buffer(size)
        if self._lib.bpf_map_lookup_elem(fd, key, value) < 0:
            return None
        return value.raw

    def keys(self, fd: int, size: int) -> Iterator[bytes]:
        """Yield the keys of a map; while it changes, a key may come twice or not at all."""
        key, next_key = None, ctypes.create_string_buffer(size)
        while self._lib.bpf_map_get_next_key(fd, key, next_key) == 0:
            yield next_key.raw
            key = next_key.raw

    def close(self) -> None:
        """Detach and unload everything."""
        self.detach_raw_tracepoints()
        for fd in [*self._loaded.values(), *self._maps.values()]:
            os.close(fd)
        self._loaded.clear()
        self._maps.clear()


def load_options(kind: str, at: int, log: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """Return libbpf's options of a load.

    ``at`` is the BTF id of the kernel function; ``log`` has level, size (bytes) and address of the
    verifier's log.
    """
    attach = (0, ATTACH_TYPES.get(kind, 0), 0, 0, 0, 0, at, 0, 0)
    return LOAD_OPTIONS.pack(LOAD_OPTIONS.size, *attach, *[0] * 7, *log)


def reason_in_log(log: str) -> str:
    """Return the line with the reason: in a verifier's log the one above its statistics."""
    lines = log.strip().splitlines()
    for index, line in enumerate(lines):
        if STATISTICS.match(line) and index:
            return lines[index - 1]
    return lines[0] if lines else ""
