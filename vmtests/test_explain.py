# SPDX-License-Identifier: Apache-2.0
"""Report of ``--explain`` on each kernel: events, hooks, tables and constants."""

from __future__ import annotations

import json
from typing import Any

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, trace

FLAGS = (
    "-f 1:event=openat,anti_debugging -f 1:comm=who,wh* -f 2:event=close -f 2:uid>5"
    " -f 2:close.retval=0 -f 3:event=sched_process_exec -f 3:binary=/usr/bin/ls"
    " -f 4:event=getpid -f 4:comm!=who"
)
OTHERWISE = "otherwise"


def explained(kernel: Kernel, form: str) -> Traced:
    result = trace(kernel, f"--explain {form} {FLAGS}", ["true"])
    assert (result.status, result.stderr) == (0, "")
    return result


def report(kernel: Kernel) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(explained(kernel, "json").stdout)
    return found


def test_explain_events(kernel: Kernel) -> None:
    """Every event has its scopes, and one that is only needed names what needs it."""
    events = {event["name"]: event for event in report(kernel)["events"]}
    assert int(events["openat"]["scopes"], 16) == 0b0001
    assert int(events["ptrace"]["scopes"], 16) == 0
    assert int(events["ptrace"]["kernelScopes"], 16) == 0b0001
    assert events["ptrace"]["neededBy"] == ["anti_debugging"]
    assert events["anti_debugging"]["derivedFrom"] == ["ptrace"]
    assert events["anti_debugging"]["source"] == "derived"


def test_explain_hooks(kernel: Kernel) -> None:
    """Each hook says why it is attached."""
    hooks = report(kernel)["hooks"]
    reasons = {hook["program"]: hook["reason"] for hook in hooks}
    assert all(reasons.values())
    assert "filters binary" in reasons["on_fork"]
    assert "COMMAND" in reasons["on_fork"]
    assert "event sched_process_exec" in reasons["on_exec"]


def test_explain_tables(kernel: Kernel) -> None:
    """The masks are those of the worked example in bpf/match/filters.h."""
    tables = report(kernel)["tables"]
    values = {row["value"]: row for row in tables["comm"]["values"]}
    assert (int(values["who"]["equal"], 16), int(values["who"]["excluded"], 16)) == (1, 8)
    assert int(tables["comm"][OTHERWISE], 16) == (1 << 64) - 2
    assert [row["from"] for row in tables["uid"]["intervals"]] == [0, 5, 6]
    assert int(tables["close.retval"]["intervals"][1]["mask"], 16) == (1 << 64) - 1


def test_explain_text(kernel: Kernel) -> None:
    """The text has every hook and constant of the JSON report."""
    data, text = report(kernel), explained(kernel, "text").stdout
    assert all(hook["reason"] in text for hook in data["hooks"])
    constants = {name for owned in data["constants"].values() for name in owned}
    assert {"RING_PAGES", "USE_BINARY", "HIERARCHY"} <= constants
    assert all(name in text for name in constants)


def test_explain_start_and_new(kernel: Kernel) -> None:
    """Events at start have that source, and `pid=new` its masks beside an order."""
    flags = "-f 3:event=init_namespaces,getpid -f 3:pid=new -f 3:pid>5"
    result = trace(kernel, f"--explain json {flags}", ["true"])
    found = json.loads(result.stdout)
    sources = {event["name"]: event["source"] for event in found["events"]}
    assert sources == {"getpid": "kernel", "init_namespaces": "start"}
    assert int(found["tables"]["pid=new"]["equal"], 16) == 0b100
    assert found["tables"]["pid"]["intervals"]
