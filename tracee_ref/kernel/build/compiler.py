# SPDX-License-Identifier: Apache-2.0
"""Compiler of C text by BCC, in a child process to free its memory.

The result does not depend on the running kernel: maps are described, and code refers to them by
index.  So it can be cached (cache.py) and loaded without the compiler.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from functools import partial
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, Signals
from struct import Struct
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from ...dependencies import missing_bcc
from ...errors import EXHAUSTED, UNMAPPED, HostCode, HostError, exhausted
from ...signals import undone
from .bpf_syscall import MapShape, map_shape
from .refusal import refused
from .source import MAP_NUMBERS

CFLAGS: Final = ("-w", "-g0")
"""No warnings about BCC's headers, and no debug information, which takes a tenth of the time.

``-Xclang -debug-info-kind=`` does the same, but crashes BCC 0.31 with LLVM 19.
"""

INSTRUCTION: Final = Struct("=BBhi")
LOAD_IMMEDIATE: Final = 0x18
PSEUDO_MAP: Final = 1
"""In the source register: the immediate value is a map (linux/bpf.h)."""

STDERR_FD: Final = 2
MESSAGES_BYTES: Final = 65536

CLONE_NEWNS: Final = 0x00020000
MS_BIND: Final = 1 << 12
MS_REC: Final = 1 << 14
MS_PRIVATE: Final = 1 << 18

Result = TypeVar("Result")


class Compiled(msgspec.Struct, frozen=True):
    """Maps, in the order of the indexes in the code, and the code of each function."""

    maps: list[MapShape]
    functions: dict[str, bytes]


Answer: TypeAlias = Compiled | str | tuple[HostCode, str]
"""The program, the reason why it does not compile, or an error that is no refusal."""


def compile_text(name: str, text: str) -> Compiled:
    """Compile a self-contained text; raises HostError, also if BPF is refused."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(text, writer)
    os.close(writer)
    with undone(partial(os.kill, child, SIGKILL)), os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if not data:
        raise HostError(HostCode.DEPENDENCY, f"{name}: {_crash(status)}")
    answer = msgspec.msgpack.decode(data, type=Answer)
    if isinstance(answer, Compiled):
        return answer
    if isinstance(answer, tuple):
        raise HostError(*answer)
    raise refused(name, answer, error_in(answer))


def error_in(message: str) -> int:
    """Return the errno that a message of BCC's library is about, or 0."""
    errors = (errno.EPERM, errno.EACCES, errno.ENOSYS, *EXHAUSTED)
    return next((error for error in errors if os.strerror(error) in message), 0)


def _crash(status: int) -> str:
    """Return the message about a compiler that ended without an answer."""
    code = os.waitstatus_to_exitcode(status)
    ended = f"was killed by {Signals(-code).name}" if code < 0 else f"exited with status {code}"
    return f"BCC {bcc_version()} {ended} when it compiled; see 'tracee-ref --check-host'"


def bcc_version() -> str:
    """Return the version of BCC; an empty string if it is not installed."""
    spec = find_spec("bcc")
    if not spec or not spec.origin:
        return ""
    path = Path(spec.origin).with_name("version.py")
    found = re.search(r"__version__ = '(.+)'", path.read_text(encoding="utf-8"))
    return found[1] if found else ""


def _answer(text: str, writer: int) -> None:
    """Write the answer and exit; the reason of a failure is what BCC's library prints."""
    messages = os.memfd_create("bcc-messages")
    os.dup2(messages, STDERR_FD)
    answer: Answer
    try:
        answer = _compile(text)
    except HostError as error:
        answer = error.code, str(error)
    except BaseException as error:
        os.lseek(messages, 0, os.SEEK_SET)
        lines = os.read(messages, MESSAGES_BYTES).decode(errors="replace").strip().splitlines()
        answer = lines[0] if lines else str(error)
        if isinstance(error, MemoryError) or UNMAPPED in answer:
            answer = HostCode.EXHAUSTED, EXHAUSTED[errno.ENOMEM]
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode(answer))
    finally:
        os._exit(0)  # also if the tracer is gone


def _compile(text: str) -> Compiled:
    bcc = import_bcc()
    with as_file(files("tracee_ref.bpf") / "shim") as shim:
        os.environ.clear()  # Clang reads CPATH and others, which are not in the key of the cache
        os.environ["BCC_KERNEL_SOURCE"] = str(shim)
        # The BPF object owns the module.
        program = without_kallsyms(lambda: bcc.BPF(text=text, cflags=list(CFLAGS)))
    lib, module = _library(bcc), program.module
    maps = [_map(lib, module, index) for index in range(lib.bpf_num_tables(module))]
    indexes = {fd: index for index, (_, fd) in enumerate(maps)}
    indexes |= {MAP_NUMBERS.get(name, fd): index for index, (name, fd) in enumerate(maps)}
    return Compiled(
        [map_shape(fd, name) for name, fd in maps],
        {name: _portable(code, indexes) for name, code in _functions(lib, module)},
    )


def without_kallsyms(function: Callable[[], Result]) -> Result:
    """Run a function where /proc/kallsyms is empty; return what it returns, or raise.

    BCC reads the whole file three times to find out whether the kernel has helpers that all
    supported kernels have: a fifth of the start-up time, a third in an emulated guest.
    """
    with ThreadPoolExecutor(max_workers=1, initializer=_hide_kallsyms) as thread:
        try:
            future = thread.submit(function)
        except RuntimeError:  # no thread can be started
            return function()
        return future.result()


def _hide_kallsyms() -> None:
    """Mount over the file in a mount namespace of this thread; do nothing if that is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) == 0 and libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, 0) == 0:
        libc.mount(b"/dev/null", b"/proc/kallsyms", None, MS_BIND, 0)


def import_bcc() -> Any:
    """Import BCC, which is slow; raises HostError if it is not installed or cannot be loaded."""
    try:
        import bcc.libbcc  # noqa: PLC0415
    except ImportError as error:
        raise exhausted(error) or missing_bcc() from error
    except OSError as error:
        raise exhausted(error) or HostError(
            HostCode.DEPENDENCY,
            f"BCC cannot be loaded ({error}); reinstall its package, or raise 'ulimit -v'",
        ) from error
    return bcc


def _library(bcc: Any) -> Any:
    """Return BCC's C library, with the functions declared that BCC does not call from Python."""
    lib = bcc.libbcc.lib
    lib.bpf_num_tables.restype, lib.bpf_num_tables.argtypes = c_size_t, [c_void_p]
    lib.bpf_table_name.restype, lib.bpf_table_name.argtypes = c_char_p, [c_void_p, c_size_t]
    lib.bpf_table_fd_id.restype, lib.bpf_table_fd_id.argtypes = c_int, [c_void_p, c_size_t]
    return lib


def _map(lib: Any, module: Any, index: int) -> tuple[str, int]:
    return lib.bpf_table_name(module, index).decode(), lib.bpf_table_fd_id(module, index)


def _functions(lib: Any, module: Any) -> Iterator[tuple[str, bytearray]]:
    for index in range(lib.bpf_num_functions(module)):
        name = lib.bpf_function_name(module, index)
        start, size = lib.bpf_function_start(module, name), lib.bpf_function_size(module, name)
        yield name.decode(), bytearray(ctypes.string_at(start, size))


def _portable(code: bytearray, indexes: dict[int, int]) -> bytes:
    """Replace the file descriptor of each map in the code, or its number, by its index."""
    for at in range(0, len(code), INSTRUCTION.size):
        operation, registers, offset, value = INSTRUCTION.unpack_from(code, at)
        if operation == LOAD_IMMEDIATE and registers >> 4 == PSEUDO_MAP:
            INSTRUCTION.pack_into(code, at, operation, registers, offset, indexes[value])
    return bytes(code)
