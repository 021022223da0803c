# SPDX-License-Identifier: Apache-2.0
"""Plug-in signatures in runs of the tracer: what fails is dropped."""

from __future__ import annotations

from collections import Counter

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, arguments, run

CLASS = """
import os
from tracee_ref.signatures import Signature

class {name}(Signature):
    event = "{event}"
    needs = ("openat",)
    seen = 0

    def on_event(self, event, args):
        self.seen += 1
        {code}
        yield args
"""

FAULTS = {
    "good": "pass",
    "exits": "self.seen > 2 and os._exit(3)",
    "loops": "while self.seen > 3: pass",
    "floods": "while self.seen > 4: yield args",
    "raises": "[][self.seen]",
}
DROPPED = {"exits": 2, "loops": 3, "floods": 4}


def with_signatures(kernel: Kernel, codes: dict[str, str], command: str) -> Traced:
    """Run a shell command; $signatures has a file for each signature, $tracer traces them."""
    script = "signatures=$(mktemp -d); umask 022\n"
    for event, code in codes.items():
        text = CLASS.format(name=event.title(), event=event, code=code)
        script += f"cat >$signatures/{event}.py <<'END'\n{text}\nEND\n"
    names = ",".join(["openat", *codes])
    script += f'tracer="{TRACEE_REF} --signatures $signatures -f event={names} -o json"\n'
    return run(
        kernel, ["sh", "-c", f"{script}{command}\nstatus=$?; rm -r $signatures; exit $status"]
    )


@pytest.mark.host_only
def test_plugins_faults(kernel: Kernel) -> None:
    """Signatures that fail are dropped or counted; no event and no other finding is missing."""
    opens = "for i in 1 2 3 4 5 6 7 8; do : </etc/hostname; done; exit 4"
    traced = with_signatures(kernel, FAULTS, f"$tracer -- sh -c '{opens}'")
    assert traced.status == 4, traced.stderr
    found = Counter(event["eventName"] for event in traced.events)
    assert found["openat"] == found["good"] >= 8
    assert {event: found[event] for event in DROPPED} == DROPPED
    assert traced.account.balances()
    assert traced.account.lost == 0
    for event, after in DROPPED.items():
        unseen = found["openat"] - after
        assert f"signature {event}: dropped after {after} events (" in traced.stderr
        assert f"), {unseen} events not seen" in traced.stderr
    assert f"signature raises: {found['openat']} errors" in traced.stderr
    assert [event for event in traced.events if event["eventName"] == "good"] == sorted(
        (event for event in traced.events if event["eventName"] == "good"),
        key=lambda event: event["timestamp"],
    )


@pytest.mark.host_only
def test_plugins_not_traced(kernel: Kernel) -> None:
    """The processes of signatures never match (rule 14): what one opens is no event for it."""
    opening = {"opening": "os.close(os.open('/etc/passwd', os.O_RDONLY))"}
    command = """
    $tracer -f tree=$$ 2>$signatures/log &
    until grep -q tracing $signatures/log; do sleep 0.1; done
    for i in 1 2 3; do : </etc/hostname; sleep 0.2; done
    kill $!; wait $!; cat $signatures/log >&2"""
    traced = with_signatures(kernel, opening, command)
    opened = Counter(arguments(event)["pathname"] for event in traced.events)
    assert opened["/etc/hostname"] == 6, traced.stderr  # three events, three findings
    assert opened["/etc/passwd"] == 0
    assert traced.account.balances()


@pytest.mark.host_only
def test_plugins_writable_by_others(kernel: Kernel) -> None:
    """Signatures that others can write end the run before their code runs."""
    command = "chmod o+w $signatures/good.py; $tracer -- true"
    traced = with_signatures(kernel, {"good": "pass"}, command)
    assert traced.status == 2
    (line,) = traced.stderr.splitlines()
    assert line.startswith("tracee-ref: --signatures ")
    assert "others can write" in line
