# SPDX-License-Identifier: Apache-2.0
"""Arguments of every syscall of 32-bit and of 64-bit programs, as the program passed them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tracee_ref.events.catalogue import EventDefinition, all_events, i386_events, native_events
from vmtests.caller.build import generated
from vmtests.caller.generate import MACHINES, Generator
from vmtests.lab.features import skip_unless
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import trace

NO_PROGRAM = (126, 127, 139)
"""Exit codes of a 32-bit program where the kernel has no 32-bit syscalls."""


@cache
def caller(machine: str) -> tuple[str, frozenset[str]]:
    """Return the path of the program for an ABI, and the events of its syscalls."""
    definitions = {event.id: event for event in all_events().values()}
    ids = i386_events() if MACHINES[machine].is_32_bit else native_events()
    numbers: dict[int, EventDefinition] = {n: definitions[id_] for n, id_ in sorted(ids.items())}
    generator = Generator(MACHINES[machine], numbers)
    return str(generated(machine, generator.source())), frozenset(generator.events)


def printed(value: Any, *, unreadable: bool) -> str:
    """Return the value of an argument as the program prints it."""
    if isinstance(value, dict):
        return f"{value['sin_addr']}:{value['sin_port']}"
    if isinstance(value, list):
        return "|".join(value)
    return "?" if unreadable else "null" if value is None else str(value)


def line(event: dict[str, Any]) -> str:
    """Return an event as a line of the program, the result as an int."""
    values = [printed(a["value"], unreadable=a.get("unreadable", False)) for a in event["args"]]
    result = (event["returnValue"] + (1 << 31)) % (1 << 32) - (1 << 31)
    return "\t".join([event["eventName"], *values, str(result)])


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("machine", MACHINES)
def test_call_arguments(kernel: Kernel, machine: str) -> None:
    """Each syscall has one event, with the arguments and the result that the program printed."""
    path, events = caller(machine)
    traced = trace(kernel, f"-f event={','.join(sorted(events))} -o json", [path])
    is_32_bit = MACHINES[machine].is_32_bit
    if is_32_bit:
        skip_unless(kernel, "ia32", present=traced.status not in NO_PROGRAM)
    assert traced.status == 0, traced.stderr
    found = [line(e) for e in traced.events if e["contextFlags"]["isCompat"] == is_32_bit]
    first = 0 if is_32_bit else 1  # the execve of the program
    *calls, output = found[first:]
    expected = [line for line in traced.stdout.splitlines() if not line.startswith('{"timestamp"')]
    assert output.startswith("write\t1\t")
    assert calls == expected
    assert traced.account.balances()
