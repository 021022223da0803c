# SPDX-License-Identifier: Apache-2.0
"""Per-event filters: on arguments, return value and context (rules 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import UsageCode, UsageError, did_you_mean, flag_error
from ..events.argument_types import TYPES_BY_SHAPE, shape_of
from ..events.catalogue import SIGNATURE_IDS, EventDefinition
from ..events.probe_names import is_probe
from ..model.scope import Condition, EventField, Op, Part
from . import values
from .kinds import BY_NAME, EQUALITY, UNSUPPORTED
from .syntax import Flag, expression_error

NUMBER_FIELDS: Final = frozenset(
    (
        "timestamp",
        "processorId",
        "processId",
        "threadId",
        "parentProcessId",
        "hostProcessId",
        "hostThreadId",
        "hostParentProcessId",
        "userId",
        "mountNamespace",
        "pidNamespace",
        "cgroupId",
    )
)
STRING_FIELDS: Final = frozenset(
    (
        "processName",
        "hostName",
        "syscall",
        "containerId",
        "containerImage",
        "containerName",
        "podName",
        "podNamespace",
        "podUid",
    )
)
"""Fields of the context by their names in JSON (docs/design/tracee-v0.12-facts.md, 1.3)."""

ALIASES: Final = {
    "p": "processId",
    "pid": "processId",
    "tid": "threadId",
    "ppid": "parentProcessId",
    "hostPid": "hostProcessId",
    "hostTid": "hostThreadId",
    "uid": "userId",
    "mntns": "mountNamespace",
    "pidns": "pidNamespace",
    "comm": "processName",
}
CONTAINER: Final = {"container": Op.EQ, "host": Op.NE}
"""Filters without a value: the process is in a container, or it is not."""

IN_CONTAINER: Final = "container"
"""The field of the context that both of these are about."""

KNOWN_IF_ANY: Final = frozenset(
    {
        "syscall",
        "containerId",
        "containerImage",
        "containerName",
        "podName",
        "podNamespace",
        "podUid",
    }
)
"""Strings of the context that are empty where there is none; an empty one matches nothing."""

Catalogue = Mapping[str, EventDefinition]

RETVAL_NUMBER: Final = values.number(values.S64_MIN, values.S64_MAX)
ANY_NUMBER: Final = values.number(values.S64_MIN, values.U64_MAX)


def field_part(flag: Flag) -> Part | None:
    """Return the part of the event that a flag filters by; None if it is no per-event filter.

    Only the name counts.  Tracee v0.12 searches the whole flag and rejects a value such as
    ``/opt/x.args`` (docs/design/tracee-v0.12-facts.md, 1.2).
    """
    _, part, _ = split_field(flag.name)
    return next((known for known in Part if known.value == part), None)


def split_field(name: str) -> tuple[str, str, list[str]]:
    """Return the event of a name with dots, the part of the event, and what follows.

    The part is the first word after the event; in the name of an event at a chosen hook, whose
    symbol may have dots itself, the first that is a part.
    """
    if not is_probe(name):
        event, *rest = name.split(".")
        return event, rest[0] if rest else "", rest[1:]
    target, colon, symbol = name.rpartition(":")
    words = symbol.split(".")
    at = next((i for i, word in enumerate(words) if i and word in PARTS), len(words))
    return target + colon + ".".join(words[:at]), "".join(words[at : at + 1]), words[at + 1 :]


PARTS: Final = frozenset(part.value for part in Part)


def read_field(flag: Flag, part: Part, catalogue: Catalogue) -> tuple[Condition, ...]:
    """Return the conditions of a flag such as ``openat.args.flags=O_RDONLY``."""
    event, _, rest = split_field(flag.name)
    if len(rest) != (part is not Part.RETVAL) or "" in rest:
        raise expression_error(flag.text, f"expected {BY_NAME[part.value].form}")
    if part is Part.CONTEXT and rest[0] in CONTAINER:
        return (_container(flag, event, rest[0], catalogue),)
    if flag.op is None:
        raise expression_error(flag.text, "expected an operator and a value")
    definition = _definition(flag, event, catalogue)
    if part is Part.RETVAL:
        return _conditions(flag, EventField(event, part), numeric=True)
    if part is Part.ARGS:
        return _argument(flag, definition, rest[0])
    return _context(flag, event, rest[0])


def _argument(flag: Flag, event: EventDefinition, name: str) -> tuple[Condition, ...]:
    shapes = {argument.name: shape_of(event.name, argument) for argument in event.args}
    if name not in shapes and event.id not in SIGNATURE_IDS:  # signatures may have others
        names = ", ".join(shapes) or "none"
        reason = f"invalid filter event argument: {name}"
        remedy = f"the arguments of {event.name}: {names}{did_you_mean(name, shapes)}"
        raise flag_error(UsageCode.ARGUMENT, flag.text, reason, remedy)
    numeric = flag.op not in EQUALITY
    if (
        numeric and name in shapes and shapes[name] not in TYPES_BY_SHAPE
    ):  # addresses are not ordered
        raise _operator_error(flag)
    return _conditions(flag, EventField(event.name, Part.ARGS, name), numeric)


def _context(flag: Flag, event: str, name: str) -> tuple[Condition, ...]:
    field = EventField(event, Part.CONTEXT, ALIASES.get(name, name))
    if field.name in NUMBER_FIELDS:
        return _conditions(flag, field, numeric=True)
    if field.name not in STRING_FIELDS:
        names = sorted([*NUMBER_FIELDS, *STRING_FIELDS, *CONTAINER])
        reason = f"invalid event context field: {name}"
        remedy = f"the fields are {', '.join(names)}{did_you_mean(name, [*names, *ALIASES])}"
        raise flag_error(UsageCode.FIELD, flag.text, reason, remedy)
    if flag.op not in EQUALITY:
        raise _operator_error(flag)
    return _conditions(flag, field, numeric=False)


def _container(flag: Flag, event: str, name: str, catalogue: Catalogue) -> Condition:
    if flag.op is not None:
        raise expression_error(flag.text, f"{name} takes no value")
    _definition(flag, event, catalogue)
    return Condition(EventField(event, Part.CONTEXT, IN_CONTAINER), CONTAINER[name], True)


def _conditions(flag: Flag, field: EventField, numeric: bool) -> tuple[Condition, ...]:
    """Return the conditions; ``=`` of an argument takes a string, for both forms (rule 7)."""
    number = RETVAL_NUMBER if field.part is Part.RETVAL else ANY_NUMBER
    read = number if numeric else values.pattern
    assert flag.op is not None
    return tuple(Condition(field, flag.op, value) for value in values.each(flag, read))


def _definition(flag: Flag, event: str, catalogue: Catalogue) -> EventDefinition:
    if event not in catalogue:
        reason = f"invalid event name in filter: {event or repr(event)}"
        remedy = f"see --list for the events{did_you_mean(event, catalogue)}"
        raise flag_error(UsageCode.EVENT, flag.text, reason, remedy)
    return catalogue[event]


def _operator_error(flag: Flag) -> UsageError:
    assert flag.op is not None
    reason = UNSUPPORTED.text.format(op=flag.op.value)
    remedy = "this field is not a number, so it takes = and !="
    return flag_error(UNSUPPORTED.code, flag.text, reason, remedy)
