# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables: headers, columns and values."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.output.samples import BASE, CONTAINER, exit_with
from tracee_ref.events.event import Argument
from tracee_ref.output.columns import Containers
from tracee_ref.output.go_values import go_text
from tracee_ref.output.printer import Printer
from tracee_ref.output.table import TablePrinter
from tracee_ref.strings import text_of


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from zone("UTC0", monkeypatch)


def zone(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()


def args_of(**values: object) -> str:
    event = exit_with(args=[Argument(name, "t", value) for name, value in values.items()])
    return TablePrinter().line(event).decode().split("sched_process_exit        ")[1]


HEADERS = {
    (True, Containers.PLAIN): (
        "TIME             SCOPES            UTS_NAME          CONTAINER_ID  MNT_NS       "
        "PID_NS       UID    COMM             PID     TID     PPID    RET              "
        "EVENT                     ARGS\n"
    ),
    (True, Containers.CONTAINERS): (
        "TIME             SCOPES            UTS_NAME          CONTAINER_ID  MNT_NS       "
        "PID_NS       UID    COMM             PID/host        TID/host        PPID/host       "
        "RET              EVENT                     ARGS\n"
    ),
    (True, Containers.ENRICHED): (
        "TIME             SCOPES            UTS_NAME          CONTAINER_ID  IMAGE            "
        "MNT_NS       PID_NS       UID    COMM             PID/host        TID/host        "
        "PPID/host       RET              EVENT                     ARGS\n"
    ),
    (False, Containers.PLAIN): (
        "TIME             UID    COMM             PID     TID     RET              "
        "EVENT                     ARGS\n"
    ),
    (False, Containers.CONTAINERS): (
        "TIME             CONTAINER_ID  UID    COMM             PID/host        TID/host        "
        "RET              EVENT                     ARGS\n"
    ),
    (False, Containers.ENRICHED): (
        "TIME             CONTAINER_ID  IMAGE            UID    COMM             "
        "PID/host        TID/host        RET              EVENT                     ARGS\n"
    ),
}


@pytest.mark.parametrize(("verbose", "containers"), HEADERS)
def test_table_header(verbose: bool, containers: Containers) -> None:
    """Headers equal those of Tracee v0.12."""
    printer: Printer = TablePrinter(verbose=verbose, containers=containers)
    assert printer.header().decode() == HEADERS[verbose, containers]


def test_table_verbose_row() -> None:
    """A verbose row has all columns."""
    assert TablePrinter(verbose=True).line(BASE).decode() == (
        "20:14:57:074270  0000000000000004  hb                             4026531841   "
        "4026531836   1000   id               471990  471990  470503  0                "
        "sched_process_exit        exit_code: 0, process_group_exit: true\n"
    )


def test_table_arguments() -> None:
    """Arguments are names and values, separated by commas."""
    assert args_of(dirfd=-100, pathname="/etc/", flags="O_RDONLY|O_CLOEXEC", mode=0) == (
        "dirfd: -100, pathname: /etc/, flags: O_RDONLY|O_CLOEXEC, mode: 0\n"
    )
    assert args_of(request="PTRACE_SEIZE", pid=480615, addr="0x0", data="0x0") == (
        "request: PTRACE_SEIZE, pid: 480615, addr: 0x0, data: 0x0\n"
    )
    assert args_of(argv=["ls", "--color=auto"], stdin_type="S_IFCHR", env=None) == (
        "argv: [ls --color=auto], stdin_type: S_IFCHR, env: <nil>\n"
    )


def test_table_verbose_container_row() -> None:
    """A row with container columns has ids in the namespace and on the host."""
    printer = TablePrinter(verbose=True, containers=Containers.CONTAINERS)
    assert printer.line(CONTAINER).decode() == (
        "22:06:54:878971  0000000000000014  e9cf0db70635     e9cf0db70635  4026532904   "
        "4026532908   0      ping             8      /902559  8      /902559  1      /899413  "
        "0                net_packet_icmp           src: 192.168.0.109, dst: 8.8.8.8, "
        "proto_icmp: {EchoRequest 38257 8 0}\n"
    )


def test_table_verbose_image() -> None:
    """The verbose table does not cut the image."""
    printer = TablePrinter(verbose=True, containers=Containers.ENRICHED)
    assert (
        printer.line(CONTAINER)
        .decode()
        .startswith(
            "22:06:54:878971  0000000000000014  e9cf0db70635     e9cf0db70635  "
            "docker.io/library/alpine:3.17 4026532904   4026532908   0      ping   "
        )
    )


def test_table_short_rows() -> None:
    """The short table has fewer columns, and cuts the image."""
    assert TablePrinter().line(BASE).decode() == (
        "20:14:57:074270  1000   id               471990  471990  0                "
        "sched_process_exit        exit_code: 0, process_group_exit: true\n"
    )
    short = "0      ping             8      /902559  8      /902559  0                net_packet"
    rows = {mode: TablePrinter(containers=mode).line(CONTAINER).decode() for mode in Containers}
    assert f"22:06:54:878971  e9cf0db70635  {short}" in rows[Containers.CONTAINERS]
    assert f":878971  e9cf0db70635  docker.io/librar {short}" in rows[Containers.ENRICHED]


def test_table_long_event_name() -> None:
    """Only the short table cuts a long event name."""
    event = exit_with(event_name="security_kernel_post_read_file")
    assert b"security_kernel_post_r... exit_code" in TablePrinter().line(event)
    assert b"security_kernel_post_read_file exit_code" in TablePrinter(verbose=True).line(event)
    assert b"abcdefghijklmnopqrstuvwxy e" in TablePrinter().line(
        exit_with(event_name="abcdefghijklmnopqrstuvwxy")
    )


def test_table_scopes_column() -> None:
    """The column holds 64 bits."""
    line = TablePrinter(verbose=True).line(exit_with(matched_scopes=2**64 - 1)).decode()
    assert line.split()[1] == "f" * 16


def test_table_without_arguments() -> None:
    """The row ends after the EVENT column and its separator."""
    line = TablePrinter().line(exit_with(args=[])).decode()
    assert line.endswith("sched_process_exit        \n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (None, "<nil>"),
        ("", ""),
        (-100, "-100"),
        (2**64 - 1, "18446744073709551615"),
        (["ls", "--color=auto"], "[ls --color=auto]"),
        ([], "[]"),
        ((3, 4), "[3 4]"),
        ([True, None], "[true <nil>]"),
        (b"\x01\xff", "[1 255]"),
        ({"sin_port": "80", "sa_family": "AF_INET"}, "map[sa_family:AF_INET sin_port:80]"),
    ],
)
def test_go_text(value: object, expected: str) -> None:
    """Values are formatted as Go's %v, also in a table if nothing in them can be misread."""
    assert go_text(value) == expected
    assert args_of(a=value, b=1) == f"a: {expected}, b: 1\n"


def test_table_unreadable_value() -> None:
    """An unreadable value is marked, whatever its type."""
    event = exit_with(args=[Argument("pathname", "const char*", None, unreadable=True)])
    assert TablePrinter().line(event).endswith(b" pathname: <unreadable>\n")
    event = exit_with(args=[Argument("fd", "int", 7, unreadable=True)])
    assert TablePrinter().line(event).endswith(b" fd: <unreadable>\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\nb\tc\rd", r'"a\nb\tc\rd"'),
        ("\x1b[31m", r'"\x1b[31m"'),
        ("\x00\x7f\x9b", r'"\x00\x7f\u009b"'),
        ("a\u202eb\u2028", r'"a\u202eb\u2028"'),
        ("C:\\n", r'"C:\\n"'),
        ('"', r'"\""'),
        ("naïve", "naïve"),
        ("名 前", '"名 前"'),
    ],
)
def test_table_control_characters(value: str, expected: str) -> None:
    """Control characters are escaped in arguments and in other cells."""
    assert args_of(a=[value]) == f"a: [{expected}]\n"
    assert args_of(a=value) == f"a: {expected}\n"
    line = TablePrinter(verbose=True).line(exit_with(process_name=value)).decode()
    assert f" {expected} " in line or len(expected) > 16


FORGED = {
    "x, flags: O_RDWR": 'a: "x, flags: O_RDWR"',
    "<unreadable>": 'a: "<unreadable>"',
    "<nil>": 'a: "<nil>"',
    "map[sa_family:AF_INET]": 'a: "map[sa_family:AF_INET]"',
    "[a": 'a: "[a"',
    "{a": 'a: "{a"',
    "a\u00a0b": 'a: "a\\u00a0b"',
    "a,b:c": "a: a,b:c",
    "": "a: ",
}


@pytest.mark.parametrize("value", FORGED)
def test_table_forged_argument(value: str) -> None:
    """No string looks like the next argument, or like a value of another kind."""
    assert args_of(a=value) == f"{FORGED[value]}\n"


def test_table_forged_name() -> None:
    """The name of an argument, which a signature may take from anywhere, is quoted, too."""
    event = exit_with(args=[Argument("a: 1, b", "t", 2), Argument("\x1b", "t", "x")])
    assert TablePrinter().line(event).endswith(b'  "a: 1, b": 2, "\\x1b": x\n')


def test_table_forged_member() -> None:
    """No string in an array or address looks like its end, or like two."""
    assert args_of(a=["x],", "env:", "[A=1", "", "b c", "<nil>", "a:b,c"]) == (
        'a: ["x]," env: "[A=1" "" "b c" "<nil>" a:b,c]\n'
    )
    assert args_of(a={"sun_path": "x] b: 1", "y": "z}"}) == 'a: map[sun_path:"x] b: 1" y:"z}"]\n'


@pytest.mark.parametrize(
    ("comm", "cell"),
    [
        ("i\nd", r'"i\nd"          '),
        ("Web Content", '"Web Content"   '),
        ("15 letters long", '"15 letters l...'),
        ("\x1b" * 15, r'"\x1b\x1b\x1b...'),
        ("日本語日本", "日本語日本      "),
        ("日本語日本語日本語", "日本語日本語... "),
        ("e\u0301\u0301", "e\u0301\u0301               "),
        ("\u0301", r'"\u0301"        '),
        ("\u05d0b", r'"\u05d0b"       '),  # or a terminal would draw the pid to its left
        ("\ufffdff" * 6, "\ufffdff\ufffdff\ufffdff\ufffdff\ufffd..."),
    ],
)
def test_table_cells_keep_width(comm: str, cell: str) -> None:
    """The columns after a cell stay aligned, whatever is in it."""
    line = TablePrinter().line(exit_with(process_name=comm)).decode()
    assert f" 1000   {cell} 471990  " in line


def test_table_invalid_utf8() -> None:
    """Bytes that are not UTF-8 are U+FFFD and two digits (rule 20), U+FFFD itself as its bytes."""
    path = text_of(b"/tmp/\xff\xe9\n\xef\xbf\xbd")
    line = TablePrinter().line(exit_with(args=[Argument("pathname", "const char*", path)]))
    expected = r'"/tmp/?ff?e9\n?ef?bf?bd"'.replace("?", "\ufffd")
    assert line.decode().endswith(f"pathname: {expected}\n")


def test_table_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is local, or relative to the start."""
    for _ in zone("HERE-2", monkeypatch):
        assert TablePrinter().line(BASE).startswith(b"22:14:57:074270  ")
        relative = TablePrinter(relative_time=True)
        assert relative.line(exit_with(timestamp=61_000_007_999)).startswith(b"00:01:01:000007  ")


def test_table_time_out_of_order() -> None:
    """Times are right for events out of order."""
    printer = TablePrinter(relative_time=True)
    times = [printer.line(exit_with(timestamp=t))[:15] for t in (2_999_999_999, 10**9, 2 * 10**9)]
    assert times == [b"00:00:02:999999", b"00:00:01:000000", b"00:00:02:000000"]


def test_row_changed_argument() -> None:
    """An argument that changed during its call is marked; its value is what the call was given."""
    arguments = [Argument("pathname", "t", "/a"), Argument("flags", "t", 0)]
    event = exit_with(args=arguments, args_changed=["pathname"])
    assert TablePrinter().line(event).endswith(b"pathname (changed): /a, flags: 0\n")
