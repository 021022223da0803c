# SPDX-License-Identifier: Apache-2.0
"""The syscalls of each kernel, against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tracee_ref.events.catalogue import (
    FIRST_NEW_CALL,
    EventDefinition,
    all_events,
    native_events,
)
from tracee_ref.events.structures import layouts
from tracee_ref.kernel.attach.syscall_hooks import KERNEL_NAMES
from vmtests.lab.features import skip_on_host
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import python, trace

REMEDY: Final = "run tools/make_syscalls.py, and extend its table of sets"


def ask(kernel: Kernel, request: str, **arguments: Any) -> Any:
    return kernel.ask(f"syscall_table.{request}", arguments, seconds=120)


def by_kernel_name() -> Mapping[str, EventDefinition]:
    """Return the native syscalls of the catalogue by the kernel's names of them."""
    ids = set(native_events().values())
    calls = [event for event in all_events().values() if event.syscall and event.id in ids]
    return {KERNEL_NAMES.get(event.name, event.name): event for event in calls}


def test_syscalls_names_known(kernel: Kernel) -> None:
    """Every syscall that the kernel has a tracepoint of is in the catalogue."""
    found = ask(kernel, "syscalls")
    assert len(found) > 300
    assert set(found) <= set(by_kernel_name()), REMEDY


def test_syscalls_numbers_known(kernel: Kernel) -> None:
    """Every number in the kernel's table is a syscall of that name in the catalogue."""
    names = ask(kernel, "numbers")
    if not names:
        skip_on_host(kernel, f"{kernel.name}: no /proc/kcore, or no symbol of the table")
    assert len(names) > 330
    known = {event.id: name for name, event in by_kernel_name().items()}
    expected = {number: known.get(id_) for number, id_ in native_events().items()}
    assert {int(n): name for n, name in names.items()}.items() <= expected.items(), REMEDY


def test_syscalls_new_arguments(kernel: Kernel) -> None:
    """Syscalls that Tracee v0.12 lacks have the arguments that the kernel has."""
    found = ask(kernel, "syscalls")
    new = {name: e for name, e in by_kernel_name().items() if e.id >= FIRST_NEW_CALL}
    here = new.keys() & found.keys()
    for name in sorted(here):
        ours = [(argument.type, argument.name) for argument in new[name].args]
        assert ours == [tuple(pair) for pair in found[name]], REMEDY


def test_syscalls_structures(kernel: Kernel) -> None:
    """Structures that syscalls are given have the members that they have in the newest kernel.

    An older kernel may lack a structure, or have fewer members.
    """
    found = ask(kernel, "structures", names=sorted(layouts()))
    for name, members in found.items():
        assert [tuple(member) for member in members or ()] == [
            tuple(field) for field in layouts()[name][: len(members or ())]
        ]


CHILD = """
import ctypes, os
if not os.fork():
    ctypes.CDLL(None).syscall(335)
    os._exit(0)
os.wait()
"""


def test_syscalls_uretprobe(kernel: Kernel) -> None:
    """uretprobe() has an event, although the kernel ends a process that makes it itself."""
    traced = trace(kernel, "-f event=uretprobe -o json", python(CHILD))
    (event,) = traced.events
    assert (event["eventId"], event["syscall"], event["args"]) == ("10335", "uretprobe", [])
