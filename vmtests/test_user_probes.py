# SPDX-License-Identifier: Apache-2.0
"""Events at functions and static probes of a program that the user names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.probes.build import target_program
from vmtests.runs.tracing import Traced, arguments, trace

TARGET = str(target_program())
SUM, GREET = f"uprobe:{TARGET}:sum", f"uprobe:{TARGET}:greet"
RESULT = f"uretprobe:{TARGET}:sum"
PASSED, WATCHED = f"usdt:{TARGET}:target:passed", f"usdt:{TARGET}:target:watched"

FLAGS = (
    f"-f event={SUM},{GREET},{RESULT},{PASSED},{WATCHED}"
    f" -f 2:event={SUM} -f 2:{SUM}.args.arg1>0 -f 2:{SUM}.args.arg2=65535"
    f" -f 3:event={RESULT} -f 3:{RESULT}.retval=21"
    f" -f 4:event=usdt:{TARGET}:target:* -f 4:{PASSED}.args.arg0<-76 -f 4:uid=0"
)


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    return trace(kernel, f"{FLAGS} -o json", [TARGET], cached=True)


def of(traced: Traced, name: str) -> list[dict[str, Any]]:
    return [event for event in traced.events if event["eventName"] == name]


@pytest.mark.oldest_and_newest
def test_uprobe_arguments(traced: Traced) -> None:
    """A function has the six registers of its arguments, its return what it returns."""
    calls = [[*arguments(event).values()] for event in of(traced, SUM)]
    assert [call[1] for call in calls] == [0, 1 << 40, 2 << 40, 2]
    assert calls[-1] == [1, 2, 3, 4, 5, 6]
    assert {argument["type"] for argument in of(traced, SUM)[0]["args"]} == {"u64"}
    results = [event["returnValue"] for event in of(traced, RESULT)]
    assert results == [65550, 65550 + (1 << 40) - 1, 65550 + (2 << 40) - 2, 21]
    assert of(traced, RESULT)[0]["args"] == []
    assert len(of(traced, GREET)) == 1


@pytest.mark.oldest_and_newest
def test_static_probe_arguments(traced: Traced) -> None:
    """Registers, memory and constants, with their sizes and signs; a semaphore is raised."""
    (passed,) = of(traced, PASSED)
    values = arguments(passed)
    assert {name: value for name, value in values.items() if name != "arg1"} == {
        "arg0": -77, "arg2": -5, "arg3": 200, "arg4": -3,
    }  # fmt: skip
    assert [argument["type"] for argument in passed["args"]] == ["long", "u64", "int", "u8", "s16"]
    (watched,) = of(traced, WATCHED)
    assert arguments(watched) == {"arg0": 42}


@pytest.mark.oldest_and_newest
def test_user_probe_filters(traced: Traced) -> None:
    """Filters decide as for every event."""
    assert [event["matchedScopes"] for event in of(traced, SUM)] == [1, 3, 3, 1]
    assert [event["matchedScopes"] for event in of(traced, RESULT)] == [1, 1, 1, 5]
    assert [event["matchedScopes"] for event in of(traced, PASSED)] == [9]
    assert traced.account.balances()
    assert traced.account.lost == 0


ERRORS = {
    f"uprobe:{TARGET}:summ": (2, f"did you mean uprobe:{TARGET}:sum?"),
    f"uprobe:{TARGET}:xyz*": (2, "has no such function in its symbols"),
    f"usdt:{TARGET}:target:pased": (2, f"did you mean {PASSED}?"),
    "uprobe:/etc/passwd:main": (1, "/etc/passwd: not an ELF file"),
    "uprobe:/etc/nothing:main": (1, "/etc/nothing: No such file or directory"),
    "uprobe:/etc:main": (1, "/etc: not a regular file"),
    "uprobe:libc:malloc": (2, "expected uprobe:/PATH:SYMBOL"),
    "uprobe:/lib/x86_64-linux-gnu/libc.so.6:strlen": (1, "strlen is an indirect function (IFUNC)"),
    "uprobe:/lib/x86_64-linux-gnu/libc.so.6:*": (2, "more than 128 hooks"),
}


@pytest.mark.host_only
@pytest.mark.parametrize(("name", "expected"), ERRORS.items())
def test_user_probe_errors(kernel: Kernel, name: str, expected: tuple[int, str]) -> None:
    """What there is not is an error in one line, with the nearest name."""
    traced = trace(kernel, f"-f event={name}", ["/bin/true"])
    assert (traced.status, expected[1] in traced.stderr) == (expected[0], True), traced.stderr
    assert traced.stderr.count("\n") == 1


@pytest.mark.host_only
def test_user_probe_explained(kernel: Kernel) -> None:
    """The plan shows each hook."""
    plan = json.loads(trace(kernel, f"-f event={PASSED} --explain=json", ["/bin/true"]).stdout)
    hooks = [hook for hook in plan["hooks"] if hook["kind"] == "uprobe"]
    assert [hook["reason"] for hook in hooks] == [f"event {PASSED}"]
    assert hooks[0]["point"] == f"{TARGET}:target:passed"
