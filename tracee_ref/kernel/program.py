"""Compile the C files of ``bpf/`` with BCC, without kernel headers, and reach their maps."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from struct import Struct
from typing import Any, Final

from ..errors import HostError
from .bpf_syscall import ProgramInfo, program_info
from .btf import Btf, Wanted
from .empty_kallsyms import without_kallsyms
from .structures import merged, structures_of

CFLAGS: Final = ("-w", "-Xclang", "-debug-info-kind=line-directives-only")
"""No warnings about BCC's headers, and no debug information: it takes a tenth of the time."""

STDERR: Final = 2
MESSAGE_BYTES: Final = 1 << 24
VERIFIED: Final = re.compile(r"processed (\d+) insns")
LOG_STATS: Final = 4
"""Have the verifier tell its statistics only (BPF_LOG_STATS, kernel/bpf/verifier.c)."""

KERNEL_FUNCTIONS: Final = {"bpf_preempt_disable": 0x7FF0_0001, "bpf_preempt_enable": 0x7FF0_0002}
"""Functions of the kernel that programs call, and the numbers that stand for them in the C text:
BCC knows helpers only."""

INSTRUCTION: Final = Struct("=BBhi")
CALL: Final = 0x85
PSEUDO_KFUNC_CALL: Final = 2 << 4
"""In the place of the source register (linux/bpf.h)."""

INCLUDE: Final = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)


NOTHING_MORE: Final[Wanted] = {}


class Program:
    """A compiled C file with its maps and functions; raises HostError where BPF is refused.

    ``more`` are structures of the kernel that only this run reads; ``possible_cpus`` is the
    number of values that an element of a per-CPU map has.
    """

    def __init__(
        self, name: str, defines: Mapping[str, str], btf: Btf, more: Wanted = NOTHING_MORE
    ) -> None:
        bcc = _import_bcc()
        self._lib = bcc.libbcc.lib
        self._kinds = bcc.BPF
        self._attached: list[int] = []
        self._loaded: dict[str, int] = {}
        self._kernel_functions = kernel_functions(btf)
        self.possible_cpus = len(bcc.utils.get_possible_cpus())
        text = self._text(name, defines, btf, more)
        with ExitStack() as stack:
            shim = stack.enter_context(as_file(files("bpf") / "shim"))
            os.environ["BCC_KERNEL_SOURCE"] = str(shim)
            with refusals(name):
                self.bpf = without_kallsyms(lambda: bcc.BPF(text=text, cflags=list(CFLAGS)))

    @staticmethod
    def _text(name: str, defines: Mapping[str, str], btf: Btf, more: Wanted) -> str:
        """Return one self-contained text: BCC rewrites only what stands in its main file."""
        structures, of_kernel = structures_of(btf)
        if kernel_functions(btf):
            of_kernel |= {
                "PREEMPTIBLE": "",
                "PREEMPT_DISABLE_CALL": str(KERNEL_FUNCTIONS["bpf_preempt_disable"]),
                "PREEMPT_ENABLE_CALL": str(KERNEL_FUNCTIONS["bpf_preempt_enable"]),
            }
        lines = [f"#define {key} {value}" for key, value in {**defines, **of_kernel}.items()]
        declared = btf.declarations(merged(structures, more))
        return "\n".join([*lines, declared, _inlined(name, set())])

    def load(self, function: str, kind: str) -> int:
        """Have the verifier check a function; return its file descriptor.

        ``kind`` is BCC's name of a program type.  A function is loaded once.
        """
        self._link(function)
        with refusals(function):
            fd: int = self.bpf.load_func(function.encode(), getattr(self._kinds, kind)).fd
        self._loaded[function] = fd
        return fd

    def _link(self, function: str) -> None:
        """Put calls of kernel functions in the place of the numbers that stand for them."""
        module, name = self.bpf.module, function.encode()
        size = self._lib.bpf_function_size(module, name)
        code = (ctypes.c_char * size).from_address(self._lib.bpf_function_start(module, name))
        for at in range(0, size, INSTRUCTION.size):
            operation, _, _, number = INSTRUCTION.unpack_from(code, at)
            if operation == CALL and number in self._kernel_functions:
                called = self._kernel_functions[number]
                INSTRUCTION.pack_into(code, at, CALL, PSEUDO_KFUNC_CALL, 0, called)

    def attach_raw_tracepoint(self, point: str, function: str) -> None:
        """Load a function and run it at a raw tracepoint."""
        program = self.load(function, "RAW_TRACEPOINT")
        with refusals(f"raw tracepoint {point}"):
            # BCC's own function takes one program for each point.
            fd: int = self._lib.bpf_attach_raw_tracepoint(program, point.encode())
            if fd < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._attached.append(fd)

    def detach_raw_tracepoints(self) -> None:
        """Take all functions off their raw tracepoints."""
        for fd in self._attached:
            os.close(fd)
        self._attached.clear()

    def verified(self, function: str, kind: str) -> int:
        """Return how many instructions the verifier goes through for a function.

        The function is loaded for that alone.  Older kernels tell it nowhere but in their log.
        """
        self._link(function)
        name, module, lib = function.encode(), self.bpf.module, self._lib
        log = ctypes.create_string_buffer(MESSAGE_BYTES)
        code = lib.bpf_function_start(module, name), lib.bpf_function_size(module, name)
        facts = lib.bpf_module_license(module), lib.bpf_module_kern_version(module)
        kind_number = getattr(self._kinds, kind)
        with refusals(function):
            fd = lib.bcc_func_load(
                module, kind_number, name, *code, *facts, LOG_STATS, log, len(log), None, 0
            )
            if fd < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        os.close(fd)
        found = VERIFIED.search(log.value.decode(errors="replace"))
        return int(found[1]) if found else 0

    def infos(self) -> dict[str, ProgramInfo]:
        """Return what the kernel tells of each function that was loaded."""
        return {function: program_info(fd) for function, fd in self._loaded.items()}

    def map_fd(self, name: str) -> int:
        """Return the file descriptor of a map."""
        fd: int = self._lib.bpf_table_fd(self.bpf.module, name.encode())
        if fd < 0:
            raise KeyError(name)
        return fd

    def update(self, fd: int, key: bytes, value: bytes, flags: int = 0) -> int:
        """Set a map's element; return 0 or the errno."""
        if self._lib.bpf_update_elem(fd, key, value, flags) < 0:
            return ctypes.get_errno() or 1
        return 0

    def delete(self, fd: int, key: bytes) -> None:
        """Remove an element, if it is there."""
        self._lib.bpf_delete_elem(fd, key)

    def lookup(self, fd: int, key: bytes, size: int) -> bytes | None:
        """Return the ``size`` bytes of an element (of all CPUs, for a per-CPU map), or None."""
        value = ctypes.create_string_buffer(size)
        if self._lib.bpf_lookup_elem(fd, key, value) < 0:
            return None
        return value.raw

    def keys(self, fd: int, size: int) -> Iterator[bytes]:
        """Give the keys of a map; of one that changes meanwhile, some may come twice or never."""
        key, following = None, ctypes.create_string_buffer(size)
        while self._lib.bpf_get_next_key(fd, key, following) == 0:
            yield following.raw
            key = ctypes.create_string_buffer(following.raw, size)

    def close(self) -> None:
        """Detach and unload everything."""
        self.detach_raw_tracepoints()
        self.bpf.cleanup()


def kernel_functions(btf: Btf) -> dict[int, int]:
    """Return the kernel's number of each function by that in the C text; none before 6.10."""
    found = {number: btf.function(name) for name, number in KERNEL_FUNCTIONS.items()}
    return {} if None in found.values() else {n: id_ for n, id_ in found.items() if id_}


def _import_bcc() -> Any:
    try:
        import bcc.libbcc  # noqa: PLC0415 (it may be missing, and takes its time)
        import bcc.utils  # noqa: PLC0415
    except ImportError as error:
        raise HostError("BCC is missing; install the package python3-bpfcc") from error
    return bcc


def _inlined(name: str, seen: set[str]) -> str:
    """Return a C file with our own headers put in place, each once."""
    if name in seen:
        return ""
    seen.add(name)
    text = (files("bpf") / name).read_text(encoding="utf-8").replace("#pragma once\n", "")
    return INCLUDE.sub(lambda match: _inlined(match[1], seen), text)


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Turn what BCC raises, and what its library prints meanwhile, into one HostError."""
    with memory_file() as printed:
        stderr = os.dup(STDERR)
        os.dup2(printed, STDERR)
        try:
            yield
        except Exception as error:
            os.lseek(printed, 0, os.SEEK_SET)
            reason = telling_line(os.read(printed, MESSAGE_BYTES).decode(errors="replace"))
            raise HostError(
                f"{name}: refused by the kernel ({reason or error});"
                " tracing needs root, CAP_BPF and CAP_PERFMON"
            ) from error
        finally:
            os.dup2(stderr, STDERR)
            os.close(stderr)


def telling_line(text: str) -> str:
    """Return the line that says why: in a verifier's log the one above its statistics."""
    lines = text.strip().splitlines()
    for place, line in enumerate(lines):
        if VERIFIED.match(line) and place:
            return lines[place - 1]
    return lines[0] if lines else ""


@contextmanager
def memory_file() -> Iterator[int]:
    """Give a descriptor of a file that is nowhere."""
    fd = os.memfd_create("bcc-messages")
    try:
        yield fd
    finally:
        os.close(fd)
