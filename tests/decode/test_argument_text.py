# SPDX-License-Identifier: Apache-2.0
"""Tests of the shapes of arguments, and of the decoding of registers."""

from __future__ import annotations

import pytest

from tracee_ref.events.argument_types import OUTPUT_BUFFERS, decode_register, shape_of
from tracee_ref.events.catalogue import ArgumentDefinition, load_catalogue
from tracee_ref.events.shapes import Shape


def shape(dotted: str) -> Shape:
    event, name = dotted.split(".")
    return shape_of(event, next(a for a in load_catalogue()[event].args if a.name == name))


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("openat.dirfd", Shape.INT32),
        ("kill.pid", Shape.INT32),
        ("clock_gettime.clockid", Shape.INT32),
        ("add_key.keyring", Shape.INT32),
        ("mq_notify.mqdes", Shape.INT32),
        ("timer_delete.timer_id", Shape.INT32),
        ("poll.nfds", Shape.UINT32),
        ("open.mode", Shape.UINT32),
        ("chown.owner", Shape.UINT32),
        ("mknod.dev", Shape.UINT32),
        ("inotify_add_watch.mask", Shape.UINT32),
        ("setuid16.uid", Shape.UINT16),
        ("chown16.group", Shape.UINT16),
        ("sched_process_exec.inode_mode", Shape.UINT16),
        ("ptrace.request", Shape.INT64),
        ("lseek.offset", Shape.INT64),
        ("fadvise64_64.len", Shape.INT64),
        ("clone.flags", Shape.UINT64),
        ("write.count", Shape.UINT64),
        ("fanotify_mark.mask", Shape.UINT64),
        ("sched_process_exit.process_group_exit", Shape.BOOL),
        ("read.buf", Shape.POINTER),
        ("epoll_ctl.event", Shape.POINTER),
        ("io_submit.ctx_id", Shape.POINTER),
        ("signal.handler", Shape.POINTER),
        ("openat.pathname", Shape.STRING),
        ("utimes.filename", Shape.STRING),
        ("oldstat.filename", Shape.STRING),
        ("mount_setattr.path", Shape.STRING),
        ("sched_process_exec.stdin_path", Shape.STRING),
        ("getcwd.buf", Shape.POINTER),
        ("readlink.pathname", Shape.STRING),
        ("readlink.buf", Shape.POINTER),
        ("execve.argv", Shape.STRING_ARRAY),
        ("sched_process_exec.argv", Shape.STRING_ARRAY),
        ("connect.addr", Shape.SOCKADDR),
        ("pipe2.pipefd", Shape.INT_PAIR),
        ("magic_write.bytes", Shape.BYTES),
    ],
)
def test_shape_of(argument: str, expected: Shape) -> None:
    """An argument has the shape of its type in the catalogue."""
    assert shape(argument) is expected


def test_shape_of_number_is_no_pointer() -> None:
    """Only types with a star, and these without one, are pointers."""
    named = {"io_context_t", "aio_context_t", "sighandler_t", "cap_user_header_t"}
    odd = {"cap_user_data_t", "const cap_user_data_t"}
    pointers = {
        argument.type
        for event in load_catalogue().values()
        if event.syscall
        for argument in event.args
        if shape_of(event.name, argument) is Shape.POINTER
    }
    assert {kind for kind in pointers if "*" not in kind} == named | odd


def test_output_buffers_exist() -> None:
    """Every output buffer is an argument of the catalogue."""
    buffers = {
        (event.name, argument.name)
        for event in load_catalogue().values()
        for argument in event.args
        if argument.type == "char*"
    }
    assert buffers >= OUTPUT_BUFFERS


@pytest.mark.parametrize(
    ("kind", "register", "number"),
    [
        (Shape.INT32, 0xFFFFFF9C, -100),
        (Shape.INT32, 0xFFFFFFFFFFFFFF9C, -100),
        (Shape.INT32, 0x7FFFFFFF, 2**31 - 1),
        (Shape.INT32, 0xABCD00000003, 3),
        (Shape.UINT32, 0xFFFFFFFFFFFFFFFF, 2**32 - 1),
        (Shape.UINT16, 0xFFFFFFFF, 65535),
        (Shape.UINT16, 0x10005, 5),
        (Shape.INT64, 2**64 - 1, -1),
        (Shape.INT64, 2**63 - 1, 2**63 - 1),
        (Shape.UINT64, 2**64 - 1, 2**64 - 1),
        (Shape.BOOL, 0x100, 0),
        (Shape.BOOL, 1, 1),
        (Shape.POINTER, 0xFFFF888000000000, 0xFFFF888000000000),
        (Shape.STRING, 0x7FFF0000, 0x7FFF0000),
    ],
)
def test_decode_register(kind: Shape, register: int, number: int) -> None:
    """Registers are truncated and sign-extended to the width of the type."""
    assert decode_register(kind, register) == number


def test_decode_register_compat() -> None:
    """A long of a 32-bit program has 32 bits."""
    assert decode_register(Shape.INT64, 0xFFFFFFFF, compat=True) == -1
    assert decode_register(Shape.INT64, 0xFFFFFFFF) == 2**32 - 1
    assert decode_register(Shape.UINT64, 0xFFFFFFFF, compat=True) == 2**32 - 1


def test_shape_of_unknown_type() -> None:
    """An unknown type is a pointer."""
    assert shape_of("read", ArgumentDefinition("x", "struct unknown*")) is Shape.POINTER
