"""The decision: which scopes an event belongs to.  Everything else serves this page."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Final

from .facts import Event, Process, Shown
from .scope import NEW, Binary, Condition, Conditions, ContainerId, Key, Op, Pattern, Scope, Value

ORDER: Final[dict[Op, Callable[[int, int], bool]]] = {
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def matched_scopes(scopes: Iterable[Scope], event: Event) -> int:
    """Return the mask of an event: OR over independent scopes (rules 1 to 3, 14)."""
    if event.process.tracer:
        return 0
    return sum(scope.bit for scope in scopes if matches(scope, event))


def matches(scope: Scope, event: Event) -> bool:
    """Whether the scope selected the event and every filter of it holds (rules 3, 6, 13)."""
    return (
        event.name in scope.events
        and (bool(event.process.followed & scope.bit) or process_holds(scope, event.process))
        and fields_hold(scope, event)
    )


def process_holds(scope: Scope, process: Process) -> bool:
    """Whether all filters on the process hold (rules 3 and 4)."""
    for conditions in scope.process.values():
        if not conditions_hold(conditions, process):
            return False
    return True


def conditions_hold(conditions: Conditions, process: Process) -> bool:
    """Rule 4, for one key: one of the ``=`` values, and each other condition."""
    equal = wanted = False
    for condition in conditions:
        if condition.op is Op.EQ:
            wanted = True
            equal = equal or has_value(condition.key, condition.value, process)
        elif not condition_holds(condition, process):
            return False
    return equal or not wanted


def condition_holds(condition: Condition, process: Process) -> bool:
    """One condition other than ``=``; order is asked of the uid and of the process id."""
    if condition.op is Op.NE:
        return differs(condition.key, condition.value, process)
    fact = process.uid if condition.key is Key.UID else process.pid
    assert isinstance(condition.value, int)
    return ORDER[condition.op](fact, condition.value)


def differs(key: object, value: Value, process: Process) -> bool:
    """``!=``: not the value; of a container, inside one but another (rule 11)."""
    if key is Key.CONTAINER and process.container is None:
        return False
    return not has_value(key, value, process)


def has_value(key: object, value: Value, process: Process) -> bool:
    """Whether the process has this value of the key (rules 8 to 12)."""
    if key is Key.COMM:
        assert isinstance(value, Pattern)
        return value.matches(process.comm)
    if key is Key.UID:
        return process.uid == value
    if key is Key.PID:  # rule 9: of the process or of the thread
        return process.new if value is NEW else value in (process.pid, process.tid)
    if key is Key.BINARY:
        assert isinstance(value, Binary)
        return same_binary(value, process.binary)
    if key is Key.UTS:
        assert isinstance(value, Pattern)
        return value.matches(process.uts)
    if key is Key.MNTNS:
        return process.mntns == value
    if key is Key.PIDNS:
        return process.pidns == value
    if key is Key.TREE:
        return value in process.ancestry
    if key is Key.IN_CONTAINER:
        return (process.container is not None) is value
    return same_container(value, process)


def same_binary(wanted: Binary, binary: Binary | None) -> bool:
    """Rule 10: the same path, and the same mount namespace where one is given."""
    if binary is None or wanted.path != binary.path:
        return False
    return wanted.mntns is None or wanted.mntns == binary.mntns


def same_container(value: Value, process: Process) -> bool:
    """Rule 11: the container is new, or its id starts with the one given."""
    container = process.container
    if container is None:
        return False
    if value is NEW:
        return container.new
    assert isinstance(value, ContainerId)
    return container.id.startswith(value.prefix)


def fields_hold(scope: Scope, event: Event) -> bool:
    """Rule 6: this scope's filters on fields of this event hold."""
    for key, conditions in scope.fields.get(event.name, {}).items():
        shown = event.fields.get((key.part.value, key.name))
        if shown is None or not field_holds(conditions, shown):  # rule 18
            return False
    return True


def field_holds(conditions: Conditions, shown: Shown) -> bool:
    """Rule 4 for a field: one of the ``=`` values, and each other condition."""
    equal = [c for c in conditions if c.op is Op.EQ]
    others = [c for c in conditions if c.op is not Op.EQ]
    return (not equal or any(field_has(c.value, shown) for c in equal)) and all(
        field_differs(c, shown) for c in others
    )


def field_differs(condition: Condition, shown: Shown) -> bool:
    """One condition other than ``=`` on a field; only numbers have an order (rule 7)."""
    if condition.op is Op.NE:
        return not field_has(condition.value, shown)
    return (
        isinstance(shown.raw, int)
        and isinstance(condition.value, int)
        and ORDER[condition.op](shown.raw, condition.value)
    )


def field_has(value: Value, shown: Shown) -> bool:
    """Rule 7: the raw value in decimal, or the printed form."""
    if isinstance(value, Pattern):
        raw = shown.raw if isinstance(shown.raw, bytes) else b"%d" % shown.raw
        return value.matches(raw) or value.matches(shown.printed)
    return shown.raw == value
