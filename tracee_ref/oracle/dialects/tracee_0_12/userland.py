# SPDX-License-Identifier: Apache-2.0
"""Bits that user space of Tracee v0.12 clears in a mask.

Tracee v0.12 facts, 3.1 to 3.5.
"""

from __future__ import annotations

from typing import Final

from ....model.facts import Event, FieldValue, Process
from ....model.filters import FieldKey, Part
from .events import rows
from .filters import NumberFilter, TextFilter
from .scope import BoolFilter, FieldFilter, Tracee012Scope

NIL: Final = b"<nil>"
"""String that an absent argument is compared as (Tracee v0.12 facts, 3.5)."""

COMPARED_INSTEAD: Final = {"hostParentProcessId": "hostProcessId", "podName": "containerImage"}
"""Context field -> the field whose value is compared instead (Tracee v0.12 facts, 1.3)."""

CONTAINER_FIELDS: Final = frozenset(
    {"containerId", "containerImage", "containerName", "podNamespace", "podUid"}
)
"""Fields with filters that hold only in a container (Tracee v0.12 facts, 1.3)."""


def keeps(scope: Tracee012Scope, event: Event) -> bool:
    """Whether a scope keeps its bit in the mask of an event (Tracee v0.12 facts, 3.1)."""
    filters = scope.fields.get(event.name, {})
    fields = all(field_holds(filter_, key, event) for key, filter_ in filters.items())
    return fields and windows_hold(scope, event.process)


def windows_hold(scope: Tracee012Scope, process: Process) -> bool:
    """Whether uid and process id are within the strict windows of a scope.

    Tracee v0.12 facts, 3.1.
    """
    uid, pid = scope.uid, scope.pid
    return (uid is None or uid.in_window(process.uid)) and (
        pid is None or pid.in_window(process.pid)
    )


def field_holds(filter_: FieldFilter, key: FieldKey, event: Event) -> bool:
    """Whether the filter on one field holds."""
    part, name = key
    if part == Part.ARGS.value:
        return isinstance(filter_, TextFilter) and argument_holds(filter_, name, event)
    shown = event.fields.get((part, COMPARED_INSTEAD.get(name, name)))
    if isinstance(filter_, NumberFilter):
        return filter_.userland(number(shown))
    if isinstance(filter_, BoolFilter):  # with both values, both match
        return (event.process.container is not None) in filter_.values
    outside = name in CONTAINER_FIELDS and event.process.container is None
    return not outside and filter_.userland(text(shown))


def argument_holds(filter_: TextFilter, name: str, event: Event) -> bool:
    """Match the raw value as Go prints it; the argument ``syscall`` never matches.

    Tracee v0.12 facts, 3.5.
    """
    if name == "syscall":
        return False
    declared = {argument: type_ for type_, argument in arguments(event.name)}
    shown = event.fields.get((Part.ARGS.value, name))
    if shown is None:
        return name in declared and filter_.userland(NIL)
    if declared.get(name) == "bool":
        return filter_.userland(b"true" if shown.raw else b"false")
    return filter_.userland(text(shown))


def arguments(event: str) -> list[list[str]]:
    """Return type and name of the declared arguments; a signature event has none."""
    row = rows().get(event)
    return row.args if row else []


def number(shown: FieldValue | None) -> int:
    """Return the number in a field, 0 if it is absent."""
    return shown.raw if shown is not None and isinstance(shown.raw, int) else 0


def text(shown: FieldValue | None) -> bytes:
    """Return the string of a field, a number in decimal, empty if it is absent."""
    raw = b"" if shown is None else shown.raw
    return raw if isinstance(raw, bytes) else b"%d" % raw
