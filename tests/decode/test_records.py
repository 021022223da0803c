# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of kernel records."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tracee_ref.abi import FLAG_COMPAT, FLAGS_CHANGED_SHIFT
from tracee_ref.containers.runtimes import Runtimes
from tracee_ref.decode.records import HEADER, RecordDecoder, View
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.event import TraceEvent

EPOCH = 1_700_000_000_000_000_000
CUT, UNREADABLE, NULL = 4 << 32, 2 << 32, 1 << 32
MINUS_100 = 2**64 - 100


def header(
    event: str, *, flags: int = 0, call: int = -1, comm: bytes = b"cat", container: bytes = b""
) -> bytes:
    number = load_catalogue()[event].id
    ids = (11, 12, 10, 1, 2, 0, 1000, 4026531841, 4026531836)
    return HEADER.pack(5, -2, number, call, 0b101, 4, 77, *ids, 3, flags, comm, b"host", container)


def decode(record: bytes, *, symbolic: bool = True) -> TraceEvent:
    return RecordDecoder(View(clock_offset=EPOCH, symbolic=symbolic))(record)


def openat(slot: int, data: bytes, flags: int = 0o2000000) -> bytes:
    return header("openat", call=257) + struct.pack("6Q", MINUS_100, slot, flags, 0, 9, 9) + data


def test_header() -> None:
    """The fields of the header become those of the event."""
    event = decode(openat(3, b"/a\n"))
    assert (event.timestamp, event.thread_start_time) == (EPOCH + 5, EPOCH + 4)
    assert (event.matched_scopes, event.cgroup_id, event.return_value) == (5, 77, -2)
    host = (event.host_process_id, event.host_thread_id, event.host_parent_process_id)
    assert host == (11, 12, 10)
    assert (event.process_id, event.thread_id, event.parent_process_id) == (1, 2, 0)
    assert (event.user_id, event.mount_namespace, event.pid_namespace) == (
        1000,
        4026531841,
        4026531836,
    )
    assert (event.process_name, event.host_name, event.processor_id) == ("cat", "host", 3)
    assert (event.event_id, event.event_name, event.syscall) == ("257", "openat", "openat")
    assert not event.context_flags.is_compat


def test_container(tmp_path: Path) -> None:
    """The event of a container has its id and description."""
    container = bytes(range(32))
    file = tmp_path / "var/lib/docker/containers" / container.hex() / "config.v2.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"Name": "/web", "Config": {"Image": "nginx"}}')
    decoder = RecordDecoder(View(clock_offset=0, symbolic=True), Runtimes(tmp_path))
    slots = struct.pack("6Q", 3, 0, 0, 0, 0, 0)
    inside = decoder(header("close", container=container) + slots)
    assert inside.container_id == container.hex()
    assert (inside.container_name, inside.container_image) == ("web", "nginx")
    assert inside.context_flags.container_started
    outside = decoder(header("close") + slots)
    assert (outside.container_id, outside.container_name, outside.pod_name) == ("", "", "")
    assert not outside.context_flags.container_started


@pytest.mark.parametrize(
    ("slot", "data", "value", "unreadable"),
    [
        (3, b"/ab", "/ab", False),
        (3, b"/\xff\xfe", "/\ufffdff\ufffdfe", False),
        (0, b"", "", False),
        (3 | CUT, b"/ab", "/ab...", False),
        (NULL, b"", None, False),
        (UNREADABLE, b"", None, True),
    ],
)
def test_string(slot: int, data: bytes, value: str | None, unreadable: bool) -> None:
    """A string may be cut, NULL or unreadable, and need not be UTF-8 (rule 20)."""
    path = decode(openat(slot, data)).args[1]
    assert (path.name, path.value, path.unreadable) == ("pathname", value, unreadable)


def test_printed_and_raw() -> None:
    """Arguments are symbolic, or raw with their own types."""
    symbolic, raw = (decode(openat(1, b"/"), symbolic=p).args for p in (True, False))
    assert [a.value for a in symbolic] == [-100, "/", "O_RDONLY|O_CLOEXEC", 0]
    assert [a.value for a in raw] == [-100, "/", 0o2000000, 0]
    assert (symbolic[2].type, raw[2].type) == ("string", "int")


def test_data_order() -> None:
    """The bytes of arguments follow each other in their order."""
    argv = b"sh\0-c\0\0"
    slots = struct.pack("6Q", 7, len(argv), NULL, 0, 0, 0)
    event = decode(header("execve") + slots + b"/bin/sh" + argv)
    assert [a.value for a in event.args] == ["/bin/sh", ["sh", "-c", ""], None]
    assert event.args_num == 2


def test_sockaddr_and_pair() -> None:
    """Socket addresses and pairs of numbers are decoded."""
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4B8x", 80, 1, 2, 3, 4)
    connect = header("connect") + struct.pack("6Q", 3, 16, 16, 0, 0, 0) + address
    expected = {"sa_family": "AF_INET", "sin_addr": "1.2.3.4", "sin_port": "80"}
    assert decode(connect).args[1].value == expected
    pipe = header("pipe") + struct.pack("6Q", 8, 0, 0, 0, 0, 0) + struct.pack("2i", 3, -4)
    assert decode(pipe).args[0].value == [3, -4]


def test_compat_syscall_name() -> None:
    """The number of a 32-bit system call is looked up in the table of i386."""
    exited = header("sched_process_exit", flags=FLAG_COMPAT, call=1) + struct.pack("2Q", 256, 1)
    event = decode(exited)
    assert (event.syscall, event.context_flags.is_compat) == ("exit", True)
    assert [a.value for a in event.args] == [256, True]
    native = header("sched_process_exit", call=1) + struct.pack("2Q", 256, 0)
    assert decode(native).syscall == "write"
    assert decode(header("sched_process_exit", call=-1) + struct.pack("2Q", 0, 0)).syscall == ""


def exec_values(*, interpreter: bool, mode: int, stdin: bytes) -> dict[str, Any]:
    loader = b"/ld.so" if interpreter else b""
    slots = [4, 4, 1, 2, 3, 0o100755, len(loader) if interpreter else NULL, 7, 8, 9]
    slots += [3, 4, mode, len(stdin), 0, 4, NULL]
    data = b"/cmd/bin" + loader + b"sh\0" + b"/int" + stdin + b"bash"
    event = decode(header("sched_process_exec") + struct.pack("17Q", *slots) + data)
    return {a.name: a.value for a in event.args}


def test_exec() -> None:
    """An exec has the arguments of the program and of its interpreter."""
    values = exec_values(interpreter=True, mode=0o020000, stdin=b"/dev/null")
    assert (values["cmdpath"], values["pathname"], values["interp"]) == ("/cmd", "/bin", "/int")
    assert [v for name, v in values.items() if name.startswith("interpreter_")] == [
        "/ld.so",
        7,
        8,
        9,
    ]
    assert (values["argv"], values["prev_comm"], values["env"]) == (["sh"], "bash", None)
    assert (values["stdin_type"], values["stdin_path"]) == ("S_IFCHR", "/dev/null")


def test_exec_without_interpreter() -> None:
    """A static program has no interpreter; a stdin without path has a name."""
    values = exec_values(interpreter=False, mode=0o010000 | 55 << 32, stdin=b"")
    assert [v for n, v in values.items() if n.startswith("interpreter_")] == [None] * 4
    assert (values["stdin_type"], values["stdin_path"]) == ("S_IFIFO", "pipe:[55]")
    assert exec_values(interpreter=False, mode=0o040000, stdin=b"")["stdin_path"] == "/"


def test_fork_start_time() -> None:
    """The start time of a child has the clock of the timestamps."""
    fork = header("sched_process_fork") + struct.pack("9Q", *range(1, 10))
    assert [a.value for a in decode(fork).args] == [1, 2, 3, 4, 5, 6, 7, 8, EPOCH + 9]


def test_changed_arguments() -> None:
    """After the value of a changed argument come its slot and its value at the return."""
    changed = 0b1010 << FLAGS_CHANGED_SHIFT
    slots = struct.pack("6Q", MINUS_100, 2, MINUS_100, 3, 0, 0)
    data = b"/a" + struct.pack("Q", 1 | CUT) + b"b" + b"/cd" + struct.pack("Q", NULL)
    event = decode(header("linkat", flags=changed, call=265) + slots + data)
    assert [a.value for a in event.args] == [-100, "/a", -100, "/cd", "0"]
    assert event.args_changed == ["oldpath", "newpath"]
    assert event.args_at_return
    assert [a.value for a in event.args_at_return] == ["b...", None]


def test_changed_number() -> None:
    """A number has its slot only: it changed in the array of a 32-bit syscall."""
    flags = 1 << FLAGS_CHANGED_SHIFT | FLAG_COMPAT
    slots = struct.pack("6Q", 3, 2, 2, 0, 0, 0)
    data = struct.pack("Q", 4) + b"\2\0"
    event = decode(header("connect", flags=flags, call=102) + slots + data)
    assert event.args[0].value == 3
    assert event.args_changed == ["sockfd"]
    assert event.args_at_return
    assert event.args_at_return[0].value == 4


def test_unchanged_arguments() -> None:
    """Other events have neither field in JSON."""
    line = msgspec.json.encode(decode(openat(3, b"/ab")))
    assert b"argsChanged" not in line
    assert b"argsAtReturn" not in line
