# SPDX-License-Identifier: Apache-2.0
"""Reader of declarations of events, as JSON and YAML have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, TypeVar

from ..abi import HOOK_SLOTS
from ..errors import UsageCode, UsageError, did_you_mean
from .declarations import (
    DECLARED_IDS,
    DEFAULT_TYPES,
    NOT_NUMBERS,
    WITH_LENGTH,
    Cast,
    Conversion,
    HookArgument,
    HookDeclaration,
    HookType,
    Root,
    Step,
    ValueSource,
)
from .names import tables

Kind = TypeVar("Kind")

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_:.]*")
ARGUMENT_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ROOT: Final = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_]*")
STEP: Final = re.compile(
    r"\.(?P<field>[A-Za-z_]\w*)|\[(?P<index>\d{1,4})\]|:(?P<cast>[A-Za-z_]\w*)"
)
NUMBERED: Final = re.compile(r"\$(arg|syscall_arg)[1-9][0-9]?")
KEYS: Final = frozenset(
    ("name", "id", "sets", "hook", "at", "if", "arguments", "atomic", "why", "kernels")
)
ARGUMENT_KEYS: Final = frozenset(
    ("name", "type", "from", "as", "length", "mask", "at_return", "optional", "names", "kernels")
)
"""Keys of a row; ``kernels`` is for readers: the commits that make alternatives necessary."""


def parse_source(text: str, where: str) -> ValueSource:
    """Return the source that a text declares, as ``bprm.file.f_path``; raises UsageError."""
    root = ROOT.match(text)
    if root is None:
        raise _error(where, f"'{text}' is no source", "write ARGUMENT.FIELD.FIELD or $retval")
    if text.startswith("$") and not NUMBERED.fullmatch(root[0]):
        roots = {kind.value for kind in Root} - {Root.SYSCALL_ARGUMENT.value}
        if root[0] not in roots:
            known = " ".join(sorted(roots))
            raise _error(where, f"'{root[0]}' is no source", f"use one of {known}")
    steps: list[Step] = []
    at = root.end()
    while at < len(text):
        step = STEP.match(text, at)
        if step is None:
            raise _error(where, f"'{text}': '{text[at:]}' is no field", "write .FIELD, [INDEX]")
        if step["field"]:
            steps.append(step["field"])
        else:
            steps.append(int(step["index"]) if step["index"] else Cast(step["cast"]))
        at = step.end()
    return ValueSource(root[0], tuple(steps))


@cache
def shipped_declarations() -> Mapping[str, HookDeclaration]:
    """Return the events of ``data/hooks.json`` by name."""
    data = resources.files(__package__).joinpath("data", "hooks.json").read_bytes()
    return {declaration.name: declaration for declaration in read_declarations(json.loads(data))}


def read_declarations(rows: object) -> tuple[HookDeclaration, ...]:
    """Return the events of rows with ids, as JSON has them; raises UsageError."""
    if not isinstance(rows, list):
        raise _error("events", "is no list", "write a list of events")
    read = tuple(read_declaration(row) for row in rows)
    names: set[str] = set()
    ids: set[int] = set()
    for declaration in read:
        if declaration.id not in DECLARED_IDS or declaration.id in ids:
            free = f"ids are {DECLARED_IDS[0]} to {DECLARED_IDS[-1]}, each of one event"
            raise _error(declaration.name, f"id {declaration.id}", free)
        if declaration.name in names:
            raise _error(declaration.name, "is declared twice", "rename one of them")
        names.add(declaration.name)
        ids.add(declaration.id)
    return read


def read_declaration(row: object, id_: int | None = None) -> HookDeclaration:
    """Return the event of a row; raises UsageError that names the event and the remedy.

    Its id is ``id_``, or that in the row.
    """
    if not isinstance(row, Mapping):
        raise _error("event", f"{row!r} is no mapping", "write name, hook and arguments")
    name = row.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _error("event", f"name {name!r}", "a name has letters, digits, _ and :")
    _check_keys(name, row, KEYS)
    hook = _hook_type(name, row.get("hook", HookType.KPROBE.value))
    number = row.get("id") if id_ is None else id_
    if not isinstance(number, int) or isinstance(number, bool):
        raise _error(name, "has no id", "add one that no other event has")
    arguments = tuple(_argument(name, hook, item) for item in _list(name, row, "arguments"))
    _check_arguments(name, arguments)
    condition = row.get("if")
    return HookDeclaration(
        name,
        number,
        hook,
        _points(name, row.get("at", name)),
        arguments,
        frozenset(_strings(name, row, "sets")),
        None if condition is None else parse_source(_text(name, "if", condition), name),
        _flag(name, row, "atomic"),
        _text(name, "why", row.get("why", "")),
    )


def _check_arguments(name: str, arguments: Sequence[HookArgument]) -> None:
    names = [argument.name for argument in arguments]
    twice = [argument for argument in names if names.count(argument) > 1]
    if twice:
        raise _error(name, f"has two arguments '{twice[0]}'", "rename one of them")
    late = [argument.at_return for argument in arguments]
    if late != sorted(late):
        raise _error(name, "at_return", "these arguments come after the others")
    if len(names) > HOOK_SLOTS:
        raise _error(name, f"has {len(names)} arguments", f"leave at most {HOOK_SLOTS}")


def _hook_type(name: str, value: object) -> HookType:
    return _one_of({kind.value: kind for kind in HookType}, name, "hook", value)


def _one_of(known: Mapping[str, Kind], where: str, key: str, value: object) -> Kind:
    """Return what a name stands for; raises UsageError with the nearest if nothing does."""
    if not isinstance(value, str) or value not in known:
        guess = did_you_mean(value, known) if isinstance(value, str) else ""
        raise _error(where, f"{key} {value!r}", f"use one of {', '.join(known)}{guess}")
    return known[value]


def _points(name: str, value: object) -> tuple[tuple[str, ...], ...]:
    """Return the hook points of ``at``: a name, or a list; ``A|B`` are alternatives."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise _error(name, f"at {value!r}", "name a kernel function, or list several")
    points = tuple(tuple(_text(name, "at", item).split("|")) for item in values)
    for alternatives in points:
        for point in alternatives:
            if not NAME.fullmatch(point):
                raise _error(name, f"at {point!r}", "name a kernel function")
    return points


def _argument(event: str, hook: HookType, row: object) -> HookArgument:
    if not isinstance(row, Mapping):
        raise _error(event, f"argument {row!r} is no mapping", "write name, type and from")
    name = row.get("name")
    if not isinstance(name, str) or not ARGUMENT_NAME.fullmatch(name):
        raise _error(event, f"argument name {name!r}", "a name has letters, digits and _")
    where = f"{event}.{name}"
    _check_keys(where, row, ARGUMENT_KEYS)
    conversion = _conversion(where, row.get("as", Conversion.NUMBER.value))
    at_return = _flag(where, row, "at_return")
    if at_return and hook is not HookType.JOINED:
        raise _error(where, "at_return", f"use it with the hook {HookType.JOINED.value}")
    return HookArgument(
        name,
        _type(where, None if hook is HookType.PROGRAM else conversion, row.get("type")),
        _sources(where, hook, row.get("from", name)),
        conversion,
        _length(where, conversion, row.get("length")),
        _mask(where, row.get("mask", 0)),
        at_return,
        _flag(where, row, "optional"),
        _names(where, conversion, row.get("names", "")),
    )


def _conversion(where: str, value: object) -> Conversion:
    return _one_of({kind.value: kind for kind in Conversion}, where, "as", value)


def _type(where: str, conversion: Conversion | None, value: object) -> str:
    """Return the C type of an argument: that in the row, or the default of the conversion."""
    allowed = DEFAULT_TYPES.get(conversion) if conversion else ()
    if value is None and allowed:
        return allowed[0]
    if not isinstance(value, str) or not value:
        raise _error(where, "has no type", "add the C type of the number")
    if conversion and (value not in allowed if allowed else value in NOT_NUMBERS):
        needed = ", ".join(allowed) if allowed else "that of a number, or another conversion ('as')"
        raise _error(where, f"type {value}", f"the type is {needed}")
    return value


def _sources(where: str, hook: HookType, value: object) -> tuple[ValueSource, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise _error(where, f"from {value!r}", "name a source, or list alternatives")
    if hook is HookType.PROGRAM:
        return ()
    return tuple(parse_source(_text(where, "from", item), where) for item in values)


def _length(where: str, conversion: Conversion, value: object) -> ValueSource | int | None:
    if (value is not None) != (conversion in WITH_LENGTH):
        raise _error(where, "length", "bytes, user_bytes and sockaddr have one, others do not")
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    return parse_source(_text(where, "length", value), where)


def _mask(where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 64:
        raise _error(where, f"mask {value!r}", "write the bits that are kept, as a number")
    return value


def _names(where: str, conversion: Conversion, value: object) -> str:
    known = tables()["values"]
    if (conversion is Conversion.ENUM) != bool(value):
        raise _error(where, "names", "an enum has names, others do not")
    if value and (not isinstance(value, str) or value not in known):
        guess = did_you_mean(value, known) if isinstance(value, str) else ""
        raise _error(where, f"names {value!r}", f"tables are {', '.join(sorted(known))}{guess}")
    return value if isinstance(value, str) else ""


def _check_keys(where: str, row: Mapping[Any, Any], known: Iterable[str]) -> None:
    for key in row:
        if key not in known:
            guess = did_you_mean(key, known) if isinstance(key, str) else ""
            raise _error(where, f"has no {key!r}", f"keys are {', '.join(sorted(known))}{guess}")


def _list(where: str, row: Mapping[Any, Any], key: str) -> list[object]:
    value = row.get(key, [])
    if not isinstance(value, list):
        raise _error(where, f"{key} {value!r}", "write a list")
    return value


def _flag(where: str, row: Mapping[Any, Any], key: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        raise _error(where, f"{key} {value!r}", "write true or false")
    return value


def _strings(where: str, row: Mapping[Any, Any], key: str) -> list[str]:
    return [_text(where, key, value) for value in _list(where, row, key)]


def _text(where: str, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _error(where, f"{key} {value!r}", "write a string")
    return value


def _error(where: str, fault: str, remedy: str) -> UsageError:
    return UsageError(UsageCode.INPUT, f"event {where}: {fault}; {remedy}")
