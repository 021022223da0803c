# SPDX-License-Identifier: Apache-2.0
"""What userland takes out of a mask: filters on fields, and windows again (sections 3.1 to 3.5)."""

from __future__ import annotations

from typing import Final

from model.facts import Event, FieldValue, Process
from model.filters import FieldKey, Part

from .events import rows
from .filters import NumberFilter, TextFilter
from .scope import BoolFilter, FieldFilter, Scope

NIL: Final = b"<nil>"
"""What an argument that was not sent compares as (section 3.5)."""

READ_INSTEAD: Final = {"hostParentProcessId": "hostProcessId", "podName": "containerImage"}
"""Fields of the context that are compared with another one (section 1.3)."""

OF_CONTAINERS: Final = frozenset(
    {"containerId", "containerImage", "containerName", "podNamespace", "podUid"}
)
"""Fields whose filter also asks for a container (section 1.3)."""


def keeps(scope: Scope, event: Event) -> bool:
    """Section 3.1: whether a scope keeps its bit."""
    filters = scope.fields.get(event.name, {})
    fields = all(field_holds(filter_, key, event) for key, filter_ in filters.items())
    return fields and windows_hold(scope, event.process)


def windows_hold(scope: Scope, process: Process) -> bool:
    """Section 3.1: the windows of the scope, strict, of the process and not the thread."""
    uid, pid = scope.uid, scope.pid
    return (uid is None or uid.in_window(process.uid)) and (
        pid is None or pid.in_window(process.pid)
    )


def field_holds(filter_: FieldFilter, key: FieldKey, event: Event) -> bool:
    """Whether the filter on one field holds."""
    part, name = key
    if part == Part.ARGS.value:
        return isinstance(filter_, TextFilter) and argument_holds(filter_, name, event)
    shown = event.fields.get((part, READ_INSTEAD.get(name, name)))
    if isinstance(filter_, NumberFilter):
        return filter_.userland(number(shown))
    if isinstance(filter_, BoolFilter):  # asked for and against: both are let through
        return (event.process.container is not None) in filter_.values
    outside = name in OF_CONTAINERS and event.process.container is None
    return not outside and filter_.userland(text(shown))


def argument_holds(filter_: TextFilter, name: str, event: Event) -> bool:
    """Section 3.5: the raw value as Go prints it; the argument named ``syscall`` never is one."""
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
    """Return type and name of the arguments that an event declares; signatures declare none."""
    row = rows().get(event)
    return row.args if row else []


def number(shown: FieldValue | None) -> int:
    """Return the number in a field; what is not there is 0."""
    return shown.raw if shown is not None and isinstance(shown.raw, int) else 0


def text(shown: FieldValue | None) -> bytes:
    """Return the text of a field, numbers in decimal; what is not there is empty."""
    raw = b"" if shown is None else shown.raw
    return raw if isinstance(raw, bytes) else b"%d" % raw
