# SPDX-License-Identifier: Apache-2.0
"""Arguments of 32-bit syscalls: the words that each consists of.

A word is a register, or an element of an array in memory.  A 64-bit number has two words, the low
one first, as user space of all supported machines is little-endian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from ..abi import ARRAY_WORD, NO_WORD, SUBCALLS_EACH, SUBCALLS_FIRST, SYSCALL_ARGUMENTS
from ..events.catalogue import EventDefinition

PAIRS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "pread64": ("offset",),
        "pwrite64": ("offset",),
        "truncate64": ("length",),
        "ftruncate64": ("length",),
        "readahead": ("offset",),
        "fadvise64": ("offset",),
        "fadvise64_64": ("offset", "len"),
        "sync_file_range": ("offset", "nbytes"),
        "fallocate": ("offset", "len"),
        "fanotify_mark": ("mask",),
        "lookup_dcookie": ("cookie",),
    }
)
"""Arguments of two words, by syscall.  Those of preadv, preadv2, pwritev, pwritev2 and llseek are
two arguments each, of the native syscalls too."""


class Machine(NamedTuple):
    """32-bit ABI of a machine: the order of arguments where it differs, and the padding.

    ``aligned`` pairs begin in a register with an even number.
    """

    orders: Mapping[str, str]
    aligned: bool


I386: Final = Machine(
    {
        "clone": "flags stack parent_tid tls child_tid",  # CONFIG_CLONE_BACKWARDS
        "sigsuspend": "- - mask",  # CONFIG_OLD_SIGSUSPEND3
    },
    aligned=False,
)
ARM: Final = Machine(
    {
        **I386.orders,
        "fadvise64_64": "fd advice offset len",  # sys_arm_fadvise64_64()
        "sync_file_range": "fd flags offset nbytes",  # sync_file_range2()
    },
    aligned=True,
)
UNUSED: Final = "-"
"""A word that is no argument of the event."""


class ArgumentWords(NamedTuple):
    """The words of each argument: ``low``, and ``high`` of a pair.

    Words from ARRAY_WORD on are elements of an array of ``array_words``, which the register
    ``array`` points to.
    """

    low: Sequence[int]
    high: Sequence[int]
    array: int = 0
    array_words: int = 0


def registers_of(event: EventDefinition, machine: Machine = I386) -> ArgumentWords:
    """Return the registers of the arguments of a syscall."""
    if event.name in IN_MEMORY:
        return in_array(IN_MEMORY[event.name], len(event.args))
    order = machine.orders.get(event.name, " ".join(argument.name for argument in event.args))
    pairs = PAIRS.get(event.name, ())
    low, high, register = {}, {}, 0
    for name in order.split():
        if name in pairs:
            register += register % 2 if machine.aligned else 0
            high[name] = register + 1
        low[name] = register
        register += 2 if name in pairs else 1
    names = [argument.name for argument in event.args]
    return ArgumentWords([low[name] for name in names], [high.get(n, NO_WORD) for n in names])


def in_array(register: int, words: int) -> ArgumentWords:
    """Return the arguments that are in an array in memory."""
    low = range(ARRAY_WORD, ARRAY_WORD + words)
    return ArgumentWords(low, [NO_WORD] * words, register, words)


IN_MEMORY: Final[Mapping[str, int]] = MappingProxyType({"mmap": 0, "old_select": 0})
"""Syscalls whose arguments are in an array, and the register that points to it."""


class Subcall(NamedTuple):
    """A syscall that another one stands for, and the words of its arguments."""

    event: str
    words: ArgumentWords


SOCKETCALLS: Final[Mapping[int, Subcall]] = MappingProxyType(
    {
        number: Subcall(event, in_array(1, words))
        for number, (event, words) in enumerate(
            (
                ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3),
                ("getsockname", 3), ("getpeername", 3), ("socketpair", 4), ("sendto", 4),
                ("recvfrom", 4), ("sendto", 6), ("recvfrom", 6), ("shutdown", 2),
                ("setsockopt", 5), ("getsockopt", 5), ("sendmsg", 3), ("recvmsg", 3),
                ("accept4", 4), ("recvmmsg_time32", 5), ("sendmmsg", 4),
            ),
            1,
        )
    }
)  # fmt: skip
"""Syscalls by their numbers in socketcall, whose second register points to an array (net/socket.c).
The first sendto and recvfrom are send and recv, which have no address."""

FIRST, SECOND, THIRD, POINTER, FIFTH = range(1, SYSCALL_ARGUMENTS)
"""Registers of ipc, after that of the number."""

IPC_CALLS: Final[Mapping[int, Subcall]] = MappingProxyType(
    {
        number: Subcall(event, ArgumentWords(low, [NO_WORD] * len(low), *array))
        for number, event, low, *array in (
            (1, "semop", (FIRST, POINTER, SECOND)),
            (2, "semget", (FIRST, SECOND, THIRD)),
            (3, "semctl", (FIRST, SECOND, THIRD, ARRAY_WORD), POINTER, 1),
            (4, "semtimedop", (FIRST, POINTER, SECOND, FIFTH)),
            (11, "msgsnd", (FIRST, POINTER, SECOND, THIRD)),
            (12, "msgrcv", (FIRST, POINTER, SECOND, FIFTH, THIRD)),
            (13, "msgget", (FIRST, SECOND)),
            (14, "msgctl", (FIRST, SECOND, POINTER)),
            (21, "shmat", (FIRST, POINTER, SECOND)),
            (22, "shmdt", (POINTER,)),
            (23, "shmget", (FIRST, SECOND, THIRD)),
            (24, "shmctl", (FIRST, SECOND, POINTER)),
        )
    }
)
"""Syscalls by their numbers in ipc (ipc/syscall.c)."""

OLD_MSGRCV: Final = Subcall(
    "msgrcv",
    ArgumentWords(
        (FIRST, ARRAY_WORD, SECOND, ARRAY_WORD + 1, THIRD), [NO_WORD] * 5, POINTER, array_words=2
    ),
)
"""msgrcv of version 0 of ipc, which has the message and its type in memory."""

VERSION: Final = SUBCALLS_EACH
"""Added to the numbers of ipc with a version, which is in the upper half of the word."""

SUBCALLS: Final[Mapping[str, Mapping[int, Subcall]]] = MappingProxyType(
    {
        "socketcall": SOCKETCALLS,
        "ipc": {**IPC_CALLS, 12: OLD_MSGRCV}
        | {VERSION + number: subcall for number, subcall in IPC_CALLS.items()},
    }
)
"""Syscalls that one of i386 stands for, by its first argument."""

SUBCALL_INDEXES: Final = 2 * SUBCALLS_EACH
FIRST_SUBCALLS: Final[Mapping[str, int]] = MappingProxyType(
    {name: SUBCALLS_FIRST + SUBCALL_INDEXES * index for index, name in enumerate(SUBCALLS)}
)
"""Indexes of the subcalls of a syscall in the map ``calls``, with two versions each."""

SUBCALL_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        FIRST_SUBCALLS[name] + number: calls[number].event if number in calls else name
        for name, calls in SUBCALLS.items()
        for number in range(SUBCALL_INDEXES)
    }
)
"""Names of syscalls by such an index."""

SUBCALL_EVENTS: Final = frozenset(s.event for calls in SUBCALLS.values() for s in calls.values())

ARRAY_EVENTS: Final = frozenset(
    {*IN_MEMORY}
    | {s.event for calls in SUBCALLS.values() for s in calls.values() if s.words.array_words}
)
"""Events of 32-bit syscalls with arguments in an array."""
