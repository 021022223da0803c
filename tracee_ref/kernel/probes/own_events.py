# SPDX-License-Identifier: Apache-2.0
"""Events that a user declares in a file, at the hooks that flags can name, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ...errors import HostCode, HostError, UsageCode, UsageError, did_you_mean
from ...events.catalogue import ArgumentDefinition, EventDefinition, declared_event
from ...events.declarations import HookType
from ...events.declared_rows import read_declaration
from ...events.probe_hooks import TracepointHook, UserArgument, UserHook
from ...events.probe_names import FORMS, ProbeKind, is_probe, parse_probe
from ...events.shapes import Shape
from ...files.strict_yaml import YamlError, parse_yaml
from ...files.trusted import read_trusted
from ...files.walk import UnsafePathError
from ..attach.features import missing_type
from .choice import ProbeChoice

EVENTS: Final = "events"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
SET: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
KEYS: Final = frozenset(("name", "hook", "at", "sets", "arguments"))
ARGUMENT_KEYS: Final = frozenset(("name", "from", "type", "as"))
AT_FUNCTIONS: Final = frozenset((HookType.KPROBE.value, HookType.KRETPROBE.value))
HOOKS: Final = tuple(kind.value for kind in ProbeKind)
NUMBERS: Final = {
    "int": Shape.INT32, "pid_t": Shape.INT32, "unsigned int": Shape.UINT32, "u32": Shape.UINT32,
    "uid_t": Shape.UINT32, "long": Shape.INT64, "off_t": Shape.INT64, "ssize_t": Shape.INT64,
    "unsigned long": Shape.UINT64, "u64": Shape.UINT64, "size_t": Shape.UINT64,
    "bool": Shape.BOOL, "void*": Shape.POINTER, "u16": Shape.UINT16,
}  # fmt: skip
"""Types that the registers at a hook in user memory may be given."""

STRING: Final = "const char*"
USER_STRING: Final = "user_string"
CONVERSIONS: Final = ("number", USER_STRING)


def read_file(path: str) -> list[Any]:
    """Return the rows of a file of events; raises UsageError."""
    try:
        data = parse_yaml(read_trusted(path))
    except (OSError, UnsafePathError, YamlError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(UsageCode.INPUT, f"--events {path}: {reason}") from None
    rows = data.get(EVENTS) if isinstance(data, dict) else None
    if not isinstance(rows, list) or [*data] != [EVENTS]:
        raise UsageError(UsageCode.INPUT, f"--events {path}: expected one key, events, with a list")
    return rows


def own_events(
    rows: Iterable[Any], known: Mapping[str, EventDefinition], numbers: Iterator[int]
) -> list[EventDefinition]:
    """Return the events of rows, with ids of their own.

    Raises UsageError for a wrong row, and HostError for what this kernel does not have.
    """
    found: dict[str, EventDefinition] = {}
    with ProbeChoice() as choice:
        for row in rows:
            name = _name(row, {*known, *found})
            number = next(numbers, None)
            if number is None:
                raise _error(name, "there are too many events", "leave some out")
            found[name] = _event(row, name, number, choice)
    return [*found.values()]


def _name(row: Any, taken: Iterable[str]) -> str:
    if not isinstance(row, dict):
        raise _error("?", f"{row!r} is no mapping", "write name, hook, at and arguments")
    name = row.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _error("?", f"name {name!r}", "a name has letters a-z, digits and _")
    if name in taken:
        raise _error(name, "there is an event of this name already", "rename it")
    return name


def _event(row: dict[str, Any], name: str, number: int, choice: ProbeChoice) -> EventDefinition:
    hook = row.get("hook", ProbeKind.KPROBE.value)
    if hook not in HOOKS:
        guess = did_you_mean(hook, HOOKS) if isinstance(hook, str) else ""
        raise _error(name, f"hook {hook!r}", f"hooks are {', '.join(HOOKS)}{guess}")
    sets = _sets(name, row)
    if hook in AT_FUNCTIONS:
        event = _at_function(row, name, number, hook, choice)
    else:
        _check_keys(name, row, KEYS)
        event = _chosen(row, name, number, hook, choice)
    return replace(event, name=name, sets=sets)


def _chosen(
    row: dict[str, Any], name: str, number: int, hook: str, choice: ProbeChoice
) -> EventDefinition:
    """Return the event of a row at the hook that a flag would name."""
    at = row.get("at", name)
    if not isinstance(at, str):
        raise _error(name, f"at {at!r}", f"expected that of {FORMS[ProbeKind(hook)]}")
    probe = f"{hook}:{at}"
    if "*" in at or not is_probe(probe) or parse_probe(probe) is None:
        raise _error(name, f"at {at}", f"expected that of {FORMS[ProbeKind(hook)]}")
    event = choice.event(probe, f"events: {name}", number)
    return _with_arguments(event, row, name) if "arguments" in row else event


def _at_function(
    row: dict[str, Any], name: str, number: int, hook: str, choice: ProbeChoice
) -> EventDefinition:
    """Return the event of a row at a function of the kernel."""
    _check_keys(name, row, KEYS | {"if"})
    if "arguments" not in row and "if" not in row:
        event = _chosen(row, name, number, hook, choice)
        assert event.declaration
        declaration = replace(event.declaration, name=name)
        return replace(event, declaration=declaration, hooks=(declaration,))
    declaration = read_declaration({**row, "hook": hook, "sets": []}, number)
    for point in declaration.points:
        if len(point) > 1 or len(declaration.points) > 1:
            raise _error(name, "at", "name one function")
        kind = ProbeKind.KRETPROBE if hook == HookType.KRETPROBE.value else ProbeKind.KPROBE
        choice.event(f"{kind.value}:{point[0]}", f"events: {name}", number)
    if missing := missing_type(declaration):
        raise HostError(
            HostCode.UNAVAILABLE_EVENT, f"event {name}: unavailable here: needs {missing}"
        )
    return declared_event(declaration)


def _with_arguments(event: EventDefinition, row: dict[str, Any], name: str) -> EventDefinition:
    """Return an event with the arguments that a row chooses of those at its hook."""
    arguments = row["arguments"]
    if not isinstance(arguments, list):
        raise _error(name, f"arguments {arguments!r}", "write a list")
    chosen = [_argument(name, argument, event) for argument in arguments]
    names = [argument.name for argument, _ in chosen]
    if twice := [argument for argument in names if names.count(argument) > 1]:
        raise _error(name, f"has two arguments {twice[0]!r}", "rename one of them")
    indexes = [index for _, index in chosen]
    hook = event.hook
    if isinstance(hook, TracepointHook):
        fields = tuple(hook.fields[index] for index in indexes)
        args = tuple(replace(event.args[index], name=argument.name) for argument, index in chosen)
        return replace(event, args=args, hook=TracepointHook(hook.point, fields))
    assert isinstance(hook, UserHook)
    sites = tuple(
        site._replace(locations=tuple(site.locations[index] for index in indexes))
        for site in hook.sites
    )
    given = tuple(argument for argument, _ in chosen)
    args = tuple(ArgumentDefinition(a.name, a.type, a.shape) for a in given)
    return replace(event, args=args, hook=replace(hook, sites=sites, arguments=given))


def _argument(event_name: str, row: Any, event: EventDefinition) -> tuple[UserArgument, int]:
    """Return an argument of a row, and the index of what it is read from."""
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise _error(event_name, f"argument {row!r}", "write name and from")
    name = row["name"]
    where = f"{event_name}.{name}"
    if not name.isidentifier() or not name.isascii():
        raise _error(where, "name", "a name has letters, digits and _")
    _check_keys(where, row, ARGUMENT_KEYS)
    known = [argument.name for argument in event.args]
    source = row.get("from", name)
    if source not in known:
        guess = did_you_mean(source, known) if isinstance(source, str) else ""
        names = ", ".join(known) or "none"
        raise _error(where, f"from {source!r}", f"the arguments there are {names}{guess}")
    index = known.index(source)
    given = event.args[index]
    conversion, type_ = row.get("as", CONVERSIONS[0]), row.get("type", given.type)
    at_tracepoint = isinstance(event.hook, TracepointHook)
    if at_tracepoint and ("as" in row or "type" in row):
        raise _error(
            where, "as and type", "a tracepoint has the types of its fields; leave them out"
        )
    if conversion not in CONVERSIONS:
        raise _error(where, f"as {conversion!r}", f"conversions here are {', '.join(CONVERSIONS)}")
    if conversion == USER_STRING:
        return UserArgument(name, row.get("type", STRING), Shape.STRING), index
    shape = given.shape if type_ == given.type else NUMBERS.get(type_)
    if shape is None:
        raise _error(where, f"type {type_!r}", f"types are {', '.join(NUMBERS)}")
    return UserArgument(name, type_, shape), index


def _sets(name: str, row: dict[str, Any]) -> frozenset[str]:
    sets = row.get("sets", [])
    if not isinstance(sets, list) or not all(isinstance(s, str) and SET.fullmatch(s) for s in sets):
        raise _error(name, f"sets {sets!r}", "write a list of names with letters a-z, digits and _")
    return frozenset(sets)


def _check_keys(where: str, row: Mapping[Any, Any], known: Iterable[str]) -> None:
    for key in row:
        if key not in known:
            guess = did_you_mean(key, known) if isinstance(key, str) else ""
            raise _error(where, f"has no {key!r}", f"keys are {', '.join(sorted(known))}{guess}")


def _error(where: str, fault: str, remedy: str) -> UsageError:
    return UsageError(UsageCode.INPUT, f"event {where}: {fault}; {remedy}")
