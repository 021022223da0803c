# SPDX-License-Identifier: Apache-2.0
"""Tests of the facts in one event in JSON: its process and its fields."""

from __future__ import annotations

import pytest

from tests.traced_events import traced
from tracee_ref.oracle.dialects import semantics_of
from tracee_ref.oracle.streams.events_json import MalformedError, read_event
from tracee_ref.oracle.streams.verdicts import Verdict, Verdicts


def verdict(event: dict[str, object], *flags: str, dialect: str | None = None) -> Verdict:
    return Verdicts(semantics_of(["event=openat,ptrace,magic_write,connect", *flags], dialect)).of(
        event
    )


def holds(event: dict[str, object], *flags: str, dialect: str | None = None) -> bool | None:
    found = verdict(event, *flags, dialect=dialect)
    return None if found.undecidable else bool(found.certain)


@pytest.mark.parametrize(
    "flag",
    ["comm=ls", "comm=l*", "uts=web", "uid=0", "uid<5", "pid=7", "pid!=8", "mntns=3", "pidns=4",
     "!container", "openat.retval=3", "openat.retval>2", "openat.context.userId=0",
     "openat.context.host", "openat.context.processName=ls", "openat.context.syscall=openat",
     "openat.context.mntns=3", "openat.context.timestamp>1"],
)  # fmt: skip
def test_event_decides_match(flag: str) -> None:
    assert holds(traced(), flag) is True


@pytest.mark.parametrize(
    "flag",
    ["comm=cat", "uid=1", "pid=8", "container", "container=c0", "openat.retval=4", "tree!=7",
     "openat.context.podName=a"],
)  # fmt: skip
def test_event_decides_no_match(flag: str) -> None:
    assert holds(traced(), flag) is False


@pytest.mark.parametrize("flag", ["binary=/bin/ls", "pid=new", "tree=1", "follow"])
def test_event_undecided(flag: str) -> None:
    found = verdict(traced(), flag, "comm=nobody") if flag == "follow" else verdict(traced(), flag)
    assert found.undecidable == 1
    assert all(need.startswith("needs ") for need in found.needs.values())


def flags_of(value: object, *flags: str, dialect: str | None = None) -> bool | None:
    return holds(traced(args={"flags": value}), *flags, dialect=dialect)


def test_argument_raw_has_both_forms() -> None:
    """A raw argument is compared in its raw and its printed form."""
    for text in ("524288", "O_RDONLY|O_CLOEXEC", "*CLOEXEC", "5242*"):
        assert flags_of(524288, f"openat.args.flags={text}") is True
        assert flags_of(0, f"openat.args.flags={text}") is False
    assert flags_of(524288, "openat.args.flags>5") is True


def test_argument_printed_lacks_raw() -> None:
    """The raw value of a printed argument is unresolved."""
    printed = "O_RDONLY|O_CLOEXEC"
    assert flags_of(printed, f"openat.args.flags={printed}") is True
    assert flags_of(printed, "openat.args.flags=O_WRONLY*") is False
    assert flags_of(printed, "openat.args.flags=524288") is None  # it may be
    assert flags_of(printed, "openat.args.flags=5") is False  # that would be printed otherwise
    assert flags_of(printed, "openat.args.flags=5*") is None
    assert flags_of(printed, "openat.args.flags>5") is None
    assert flags_of(printed, "openat.args.flags>5", "comm=cat") is False
    assert flags_of(printed, f"openat.args.flags={printed}", dialect="tracee-0.12") is None
    need = verdict(traced(args={"flags": printed}), "openat.args.flags>5").needs["args.flags"]
    assert need == "needs flags as a number: the stream has its symbolic form (parse-arguments)"


def test_argument_absent_or_unreadable() -> None:
    event = traced(args={"pathname": None})
    unreadable = traced(args={"pathname": "x"})
    unreadable["args"][0]["unreadable"] = True
    for one in (traced(), event, unreadable):
        assert holds(one, "openat.args.pathname!=/a") is False


def test_argument_forms() -> None:
    pointer = traced("ptrace", args={"addr": "0xff", "request": 0})
    assert holds(pointer, "ptrace.args.addr=255", "ptrace.args.request=PTRACE_TRACEME") is True
    assert holds(traced("ptrace", args={"addr": 255}), "ptrace.args.addr=0xff") is True
    content = traced("magic_write", args={"bytes": "QUI="})
    assert holds(content, "magic_write.args.bytes=[65 66]") is True
    address = traced("connect", args={"addr": {"sin_port": "80", "sa_family": "AF_INET"}})
    assert holds(address, "connect.args.addr=map[sa_family:AF_INET sin_port:80]") is True
    paths = traced(args={"pathname": "/a/b"})
    assert holds(paths, "openat.args.pathname=/a*") is True
    assert holds(paths, "openat.args.pathname=/a*", dialect="tracee-0.12") is True


def test_strings_not_utf8_unresolved() -> None:
    event = traced(processName="a\ufffd", args={"pathname": "/\ufffd"})
    assert holds(event, "comm=ls") is None
    assert holds(event, "uid=0") is True
    assert holds(event, "openat.args.pathname=/a") is None
    assert holds(event, "openat.args.pathname=/a", "uid=1") is False
    assert verdict(event, "comm=ls").needs == {
        "comm": "needs processName as bytes: it is not UTF-8"
    }


def test_event_not_in_catalogue() -> None:
    """The scopes of an event without definition are undecidable."""
    assert holds(traced("my_signature")) is None
    assert holds(traced("close")) is False
    assert holds(traced("anti_debugging"), "event=anti_debugging") is True


def test_later_versions_and_titles() -> None:
    later = traced(matchedPolicies=["a", "z"], container={"id": "c0"}, kubernetes={"podName": "p"})
    del later["matchedScopes"], later["containerId"], later["podName"]
    event = read_event(later, {"a": 1, "z": 64})
    assert event["matchedScopes"] == 1 | 1 << 63
    assert (event["containerId"], event["podName"]) == ("c0", "p")
    assert read_event(traced("Anti-Debugging detected"))["eventName"] == "anti_debugging"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"userId": "0"}, "no number userId"),
        ({"processName": 5}, "no string processName"),
        ({"matchedScopes": -1}, "matchedScopes is not a number of 64 bits"),
        ({"matchedScopes": 1 << 64}, "matchedScopes is not a number of 64 bits"),
        ({"matchedScopes": True}, "no number matchedScopes"),
    ],
)
def test_read_event_invalid(change: dict[str, object], reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        read_event(traced() | change)


def test_policies_without_mapping() -> None:
    later = traced(matchedPolicies=["b"])
    del later["matchedScopes"]
    with pytest.raises(MalformedError, match="for policies give --policies"):
        read_event({**later})
    with pytest.raises(MalformedError, match="policy 'b' is not in the mapping"):
        read_event({**later}, {"a": 1})


def changed(at_return: list[dict[str, object]] | None, *flags: str) -> bool | None:
    later = {} if at_return is None else {"argsAtReturn": at_return}
    return holds(
        traced("openat", 1, args={"pathname": "/a"}, argsChanged=["pathname"], **later), *flags
    )


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("=/a", True),
        ("=/b", True),
        ("=/c", False),
        ("!=/a", False),
        ("!=/b", False),
        ("!=/c", True),
    ],
)
def test_argument_changed(flag: str, expected: bool) -> None:
    """Rule 19: filters hold for either value, exclusions for both; with one value it is unknown."""
    value: dict[str, object] = {"name": "pathname", "type": "const char*", "value": "/b"}
    assert changed([value], f"openat.args.pathname{flag}") is expected
    assert changed(None, f"openat.args.pathname{flag}") is None
    assert changed(None, "openat.retval=3") is True
