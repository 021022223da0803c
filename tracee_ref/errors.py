# SPDX-License-Identifier: Apache-2.0
"""Errors that end a run with one line on stderr, each with a stable code.

The code identifies the error for programs; the message is for people and may be reworded.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum
from typing import Final

from .strings import visible

EXHAUSTED: Final = {
    errno.EMFILE: "no file descriptor is left; raise the limit of this process (ulimit -n)",
    errno.ENFILE: "no file descriptor is left; raise the limit of this host (sysctl fs.file-max)",
    errno.EAGAIN: "no process can be started; raise the limits (pids.max of the cgroup, ulimit -u)",
    errno.ENOMEM: (
        "out of memory; use a smaller --buffer, or raise the limits (memory.max of the cgroup,"
        " ulimit -v)"
    ),
}
"""Resources that a process runs out of, with the remedy, by the errno."""


class UsageCode(str, Enum):
    """What is wrong on the command line or in an input file.

    Those of filter flags are also the error classes of grammar vectors
    (docs/reference/vectors.md) and therefore never change.
    """

    # Filter flags.
    SCOPE = "scope"
    EXPRESSION = "expression"
    OPTION = "option"
    OPERATOR = "operator"
    VALUE = "value"
    EVENT = "event"
    SET = "set"
    ARGUMENT = "argument"
    FIELD = "field"
    NOT_SELECTED = "not-selected"
    NO_EVENTS = "no-events"
    # Filter flags, beyond what vectors contain.
    LIMIT = "limit"
    UNSUPPORTED_EVENT = "unsupported-event"
    # Everything else.
    COMMAND_LINE = "command-line"
    OUTPUT = "output"
    INPUT = "input"
    HOST_NAMESPACE = "host-namespace"


class HostCode(str, Enum):
    """What this machine cannot do."""

    PRIVILEGE = "privilege"
    PID_NAMESPACE = "pid-namespace"
    TIME_NAMESPACE = "time-namespace"
    PROCFS = "procfs"
    KERNEL = "kernel"
    REFUSED = "refused"
    UNAVAILABLE_EVENT = "unavailable-event"
    TABLE_SIZE = "table-size"
    CGROUP = "cgroup"
    DEPENDENCY = "dependency"
    OUTPUT = "output"
    PROCESS = "process"
    NETWORK = "network"
    NO_VERDICT = "no-verdict"
    UNTRUSTED = "untrusted"
    EXHAUSTED = "exhausted"
    SYSTEM = "system"


class UsageError(Exception):
    """A wrong command line: exit status 2.  The message names the input and the remedy.

    ``flag`` is the filter flag to blame, as it was given, or ``scope`` the number of the scope.
    """

    def __init__(
        self, code: UsageCode, message: str, *, flag: str | None = None, scope: int | None = None
    ) -> None:
        super().__init__(code, message)  # all of them, so that the error can be pickled
        self.code = code
        self.flag = flag
        self.scope = scope

    def __str__(self) -> str:
        """Return the message; characters that break the line or the terminal are escaped."""
        return visible(self.args[1])


class HostError(Exception):
    """This machine cannot do it (privilege, kernel, files): exit status 1."""

    def __init__(self, code: HostCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        """Return the message; characters that break the line or the terminal are escaped."""
        return visible(self.args[1])


def did_you_mean(name: str, names: Iterable[str], prefix: str = "") -> str:
    """Return ``; did you mean NAME?`` with the name that is nearest to a wrong one, if any is.

    Of a name with dots, the last part is compared.
    """
    if len(name) > COMPARED_CHARACTERS:
        return ""
    spellings = {known.rpartition(".")[2].lower(): known for known in names}
    near = get_close_matches(name.lower(), spellings, n=1, cutoff=SIMILARITY)
    return f"; did you mean {prefix}{spellings[near[0]]}?" if near else ""


COMPARED_CHARACTERS: Final = 64
SIMILARITY: Final = 0.66
"""Of difflib: 1 is equal; of two names of three characters, two are."""


def system_error(error: OSError | MemoryError) -> HostError:
    """Return the error of a system call that failed where nothing else explains it."""
    number = (error.errno or 0) if isinstance(error, OSError) else errno.ENOMEM
    if number in EXHAUSTED:
        return HostError(HostCode.EXHAUSTED, EXHAUSTED[number])
    if number == errno.ENOSPC:
        return HostError(HostCode.SYSTEM, "no space left for the output; make room")
    filename = error.filename if isinstance(error, OSError) else ""
    name = os.fsdecode(filename) if isinstance(filename, str | bytes) else ""
    text = os.strerror(number) if number else str(error)
    return HostError(HostCode.SYSTEM, f"{name or 'system call'}: {text}; report it if it persists")


UNMAPPED: Final = "failed to map segment from shared object"
"""What the dynamic linker says of a library for which no address space is left."""


def exhausted(error: OSError | ImportError) -> HostError | None:
    """Return the error of a library that cannot be loaded for want of a resource, else None."""
    if isinstance(error, OSError) and error.errno in EXHAUSTED:
        return HostError(HostCode.EXHAUSTED, EXHAUSTED[error.errno])
    # Of the dynamic linker there is only the text, and no reason if no memory is left to map.
    text = str(error).replace(UNMAPPED, os.strerror(errno.ENOMEM))
    remedies = [remedy for number, remedy in EXHAUSTED.items() if os.strerror(number) in text]
    return HostError(HostCode.EXHAUSTED, remedies[0]) if remedies else None


def flag_error(code: UsageCode, flag: str, reason: str, remedy: str) -> UsageError:
    """Return the error ``reason - remedy``, with the flag in between if the reason lacks it.

    ``reason`` is Tracee's message (docs/design/tracee-v0.12-facts.md, 1.4), without the names of
    Go functions.
    """
    named = remedy if flag in reason else f"{flag}: {remedy}"
    return UsageError(code, f"{reason} - {named}", flag=flag)
