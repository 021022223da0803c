# SPDX-License-Identifier: Apache-2.0
"""Cache of compiled programs; compiling takes longer than the rest of a start.

What is in it is loaded into the kernel, so it must be what this user compiled: the directory is the
effective user's and nobody else can write it or rename a directory above it; no symbolic link is
followed; a file states the hash of its program's source, which contains the layout of the kernel's
structures, of the compiler and its options.  Anything else is reported and compiled anew.

A signature of the files would protect no more: who can write here can read the key as well.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from ...errors import EXHAUSTED
from ...files.trusted import check_trusted
from ...files.walk import Located, UnsafePathError, located, others_can_write, ownership
from ...messages import log
from .compiler import CFLAGS, Compiled, compile_text

DIRECTORY: Final = "TRACEE_REF_PROGRAMS"
"""Environment variable with the cache directory."""

ROOT_DIRECTORY: Final = "/var/cache/tracee-ref/programs"
CALLERS: Final = ("SUDO_UID", "DOAS_USER", "PKEXEC_UID")
"""Variables that say that another user ran this as root, in an environment of his."""

PROGRAMS_MAX: Final = 64
"""Programs in the directory; the least recently used are removed."""

PARTIAL_SECONDS: Final = 3600
"""Age of a file that is not complete, after which its writer is assumed to have been killed."""

SUFFIX: Final = ".program"
READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
WRITE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CachedProgram(msgspec.Struct, frozen=True):
    """A file of the cache: the key of a program, and a hash of the key and the program."""

    key: str
    checksum: bytes
    program: bytes


def compiled(name: str, text: str) -> Compiled:
    """Return a program from the cache, or compile it; raises HostError."""
    key, path = cache_key(text), directory()
    program = lookup(path, key)
    if program is None:
        program = compile_text(name, text)
        add(path, key, program)
    return program


def lookup(path: str, key: str) -> Compiled | None:
    """Return a program of a cache directory; None if it is absent, or refused with a line."""
    with reporting(path), opened_directory(path) as cache:
        return read(cache, path, key)
    return None


def add(path: str, key: str, program: Compiled) -> None:
    """Add a program to a cache directory, unless that is refused."""
    with suppress(UnsafePathError, OSError), opened_directory(path) as cache:
        store(cache, key, program)


@contextmanager
def reporting(path: str) -> Iterator[None]:
    """Log that a directory is not used if the block refuses it."""
    try:
        yield
    except (UnsafePathError, OSError) as error:
        log(f"program cache {path} is not used: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """Return why a file is not used; raise the error again where a resource is used up."""
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in EXHAUSTED:
        raise error
    return error.strerror or str(error)


def directory() -> str:
    """Return the path of the cache directory, which may not exist."""
    path = os.environ.get(DIRECTORY)
    if path and not any(name in os.environ for name in CALLERS):
        return path
    if os.geteuid() == 0:
        return ROOT_DIRECTORY
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return f"{base}/tracee-ref/programs"


def cache_key(text: str) -> str:
    """Return the hash of a program's text, the compiler and its options."""
    spec = find_spec("bcc")
    version = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    shim = files("tracee_ref.bpf") / "shim" / "include" / "linux" / "types.h"
    parts = [version.read_text(encoding="utf-8") if version and version.exists() else ""]
    parts += [os.uname().machine, *CFLAGS, shim.read_text(encoding="utf-8"), text]
    return sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def opened_directory(path: str) -> Iterator[int]:
    """Open the cache directory, after making it; raises UnsafePathError, or OSError."""
    with located(path, check_directory, directory_mode=0o700) as found:
        if found.status is None:
            with suppress(FileExistsError):
                os.mkdir(found.name, 0o700, dir_fd=found.directory)
        descriptor = os.open(found.name, READ_FLAGS | os.O_DIRECTORY, dir_fd=found.directory)
    try:
        check_own(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def check_directory(parent: os.stat_result, entry: Located) -> None:
    """Raise UnsafePathError for a symbolic link, and where others can replace the entry."""
    check_trusted(parent, entry)
    if entry.status and stat.S_ISLNK(entry.status.st_mode):
        raise UnsafePathError(f"{entry.path} is a symbolic link; set {DIRECTORY} to its target")


def check_own(path: str, status: os.stat_result) -> None:
    """Raise UnsafePathError unless a file is ours and others cannot write it."""
    if status.st_uid != os.geteuid() or others_can_write(status):
        raise UnsafePathError(f"{path} is not ours alone ({ownership(status)}); remove it")


def read(cache: int, path: str, key: str) -> Compiled | None:
    """Return a program of the cache; None if it is absent, or refused with a line on stderr."""
    name = name_of(key)
    try:
        descriptor = os.open(name, READ_FLAGS, dir_fd=cache)
    except FileNotFoundError:
        return None
    except OSError as error:  # ELOOP: a symbolic link
        log(f"program cache: {path}/{name} is not used, compiled anew: {reason_of(error)}")
        return None
    try:
        return read_entry(descriptor, f"{path}/{name}", key)
    except (UnsafePathError, OSError, msgspec.MsgspecError) as error:
        log(f"program cache: {path}/{name} is not used, compiled anew: {reason_of(error)}")
        return None
    finally:
        os.close(descriptor)


def read_entry(descriptor: int, path: str, key: str) -> Compiled:
    """Return the program of a file; raises UnsafePathError, OSError or MsgspecError."""
    status = os.fstat(descriptor)
    check_own(path, status)
    if not stat.S_ISREG(status.st_mode):
        raise UnsafePathError("it is no regular file")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        entry = msgspec.msgpack.decode(file.read(), type=CachedProgram)
    if entry.key != key:
        raise UnsafePathError("it is another program")
    if entry.checksum != checksum(key, entry.program):
        raise UnsafePathError("its content was changed")
    os.utime(descriptor)
    return msgspec.msgpack.decode(entry.program, type=Compiled)


def store(cache: int, key: str, program: Compiled) -> None:
    """Add a program, and remove the least recently used; raises OSError."""
    name = name_of(key)
    partial = f".{name}.{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(partial, dir_fd=cache)
    data = msgspec.msgpack.encode(program)
    with os.fdopen(os.open(partial, WRITE_FLAGS, 0o600, dir_fd=cache), "wb") as file:
        file.write(msgspec.msgpack.encode(CachedProgram(key, checksum(key, data), data)))
    os.rename(partial, name, src_dir_fd=cache, dst_dir_fd=cache)
    remove_old(cache)


def remove_old(cache: int) -> None:
    """Remove the least recently used programs, and what killed runs left."""
    names = os.listdir(cache)
    ages = {name: os.stat(name, dir_fd=cache, follow_symlinks=False).st_mtime for name in names}
    programs = sorted((name for name in names if name.endswith(SUFFIX)), key=ages.__getitem__)
    limit = time.time() - PARTIAL_SECONDS
    partial = [name for name in names if f"{SUFFIX}." in name and ages[name] < limit]
    for name in [*programs[:-PROGRAMS_MAX], *partial]:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=cache)


def name_of(key: str) -> str:
    """Return the name of the file of a key."""
    return f"{key[:32]}{SUFFIX}"


def checksum(key: str, program: bytes) -> bytes:
    """Return the hash that binds a program to its key."""
    return sha256(key.encode() + program).digest()
