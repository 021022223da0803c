# SPDX-License-Identifier: Apache-2.0
"""Lines that a run prints, against docs/reference/events.schema.json."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import python, trace

SCHEMA = Path(__file__).parents[1] / "docs" / "reference" / "events.schema.json"
EVENTS = "sched*,open*,socket,connect,bind,pipe2,write*,execve,security_*,net_packet*,prctl"
PROBES = "tracepoint:raw_syscalls:sys_exit,tracepoint:sock:inet_sock_set_state"
WORKLOAD = """
import os, socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"x", receiver.getsockname())
os.pipe()
try:
    os.execv("/dev/null/missing", ["missing"])
except OSError:
    os.execv("/bin/true", ["true", "argument"])
"""


def test_json_schema_lines(kernel: Kernel) -> None:
    """Each line of a run with events of many kinds fits the schema."""
    result = trace(kernel, f"-f event={EVENTS},{PROBES} -o json", python(WORKLOAD))
    assert result.status == 0
    assert {"openat", "execve", "sched_process_exec", "pipe2"} <= {
        event["eventName"] for event in result.events
    }
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for event in result.events:
        validator.validate(event)
