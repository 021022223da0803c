# SPDX-License-Identifier: Apache-2.0
"""Report of ``--explain``: events, hooks, tables and constants of a run.

The report is data for JSON first; the text is printed from the same data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from .derivation.graph import depends_of
from .events.catalogue import AT_START, EventDefinition
from .filters.format import format_filter, format_scopes
from .model.scope import Condition, Key, Op, Scope
from .model.selection import with_dependencies
from .run_plan import RunPlan
from .strings import text_of, visible
from .tables.fields import FieldTables
from .tables.intervals import Intervals
from .tables.masks import mask_table

Data: TypeAlias = dict[str, Any]

COLUMNS: Final = {1: ("mask",), 3: ("=", "!=", "order")}
"""Names of the columns of an interval table, by their number."""

TABLE_KEYS: Final = tuple(key for key in Key if key not in (Key.CONTAINER, Key.IN_CONTAINER))
"""Keys whose tables hold one entry for each value; containers have prefixes instead."""


def explain(plan: RunPlan) -> Data:
    """Return the plan as data that JSON can hold; masks are 16 hexadecimal digits."""
    return {
        "scopes": format_scopes(plan.options.scopes),
        "events": list(explain_events(plan)),
        "hooks": [
            {
                "kind": hook.kind.name.lower(),
                "point": hook.point,
                "program": hook.function,
                "reason": hook.reason,
            }
            for hook in plan.kernel.hooks.hooks()
        ],
        "tables": explain_tables(plan),
        "constants": plan.kernel.constants(),
    }


def explain_events(plan: RunPlan) -> Iterator[Data]:
    """Give every selected event and dependency, with the scopes and events that need it."""
    depends = depends_of(plan.options.signatures.events)
    in_kernel = plan.kernel.tables.select
    for name in sorted(with_dependencies(plan.selected, depends)):
        users = {user for user, bases in depends.items() if name in bases}
        yield {
            "name": name,
            "scopes": mask_text(plan.selected.get(name, 0)),
            "kernelScopes": mask_text(in_kernel.get(name, 0)),
            "source": source_of(plan, name),
            "derivedFrom": list(depends.get(name, ())),
            "neededBy": sorted(users & with_dependencies(plan.selected, depends)),
        }


def source_of(plan: RunPlan, name: str) -> str:
    """Return which stage produces an event: the kernel side, derivation, or the start."""
    if name in plan.kernel.tables.select:
        return "kernel"
    return "start" if name in AT_START else "derived"


def explain_tables(plan: RunPlan) -> Data:
    """Return the accept tables by key, then those of containers and of fields."""
    tables, scopes = plan.kernel.tables, plan.kernel_scopes
    used = [key for key in TABLE_KEYS if any(key in scope.process for scope in scopes)]
    report: Data = {}
    for key in used:
        table = tables.values.get(key)
        report[key.value] = (
            explain_intervals(table) if isinstance(table, Intervals) else explain_key(scopes, key)
        )
    if tables.pid_new:
        new = {"equal": tables.pid_new.equal, "excluded": tables.pid_new.excluded}
        report["pid=new"] = {name: mask_text(mask) for name, mask in new.items()}
    if tables.container:
        masks = tables.container.by_prefix.items()
        prefixes = [
            {"prefix": f"{prefix}*", "existing": mask_text(old), "new": mask_text(new)}
            for prefix, (old, new) in masks
        ]
        outside = mask_text(tables.container.outside)
        report["container"] = {"prefixes": prefixes, "noContainer": outside}
    if tables.follow:
        report["follow"] = {"scopes": mask_text(tables.follow)}
    return report | explain_fields(plan.kernel.fields, plan.kernel.catalogue)


def explain_key(scopes: Sequence[Scope], key: Key) -> Data:
    """Return the table of one key: for each value the scopes with it under = and !=."""
    table = mask_table(scopes, key, lambda value: value)
    rows = [
        {
            "value": value_text(key, value),
            "equal": mask_text(masks.equal),
            "excluded": mask_text(masks.excluded),
        }
        for value, masks in table.masks.items()
    ]
    return {
        "values": sorted(rows, key=lambda row: row["value"]),
        "otherwise": mask_text(table.without_equal),
    }


def explain_intervals(table: Intervals) -> Data:
    """Return the intervals of a table, each with its first number and its masks."""
    names = COLUMNS[len(table.columns)]
    rows = zip(table.bounds, *table.columns, strict=True)
    intervals = [
        {"from": bound, **dict(zip(names, map(mask_text, masks), strict=True))}
        for bound, *masks in rows
    ]
    return {"intervals": intervals}


def explain_fields(fields: FieldTables, catalogue: Mapping[str, EventDefinition]) -> Data:
    """Return the tables of per-event filters that the kernel side applies."""
    report: Data = {
        f"{event}.retval": explain_intervals(table) for event, table in fields.retvals.items()
    }
    for (event, index), strings in fields.strings.items():
        rows = [
            {"text": key_text(key), "mask": mask_text(mask)} for key, mask in strings.accept.items()
        ]
        report[f"{event}.args.{catalogue[event].args[index].name}"] = {
            "texts": rows,
            "otherwise": mask_text(strings.otherwise),
            "unread": mask_text(strings.absent),
        }
    return report


def value_text(key: Key, value: Any) -> str:
    """Return a value as a flag holds it, or its repr where no flag can."""
    try:
        return format_filter([Condition(key, Op.EQ, value)]).removeprefix(f"{key.value}=")
    except ValueError:
        return repr(value)


def key_text(key: bytes) -> str:
    """Return the key of a text table: a whole text, or the start of texts and ``*``."""
    whole = key.endswith(b"\0")
    return text_of(key.removesuffix(b"\0")) + ("" if whole else "*")


def mask_text(mask: int) -> str:
    """Return a mask of scopes in 16 hexadecimal digits, as the SCOPES column prints it."""
    return f"{mask:016x}"


def explain_text(report: Data) -> str:
    """Return the report for people."""
    sections = {
        "Scopes": report["scopes"],
        "Events": map(event_line, report["events"]),
        "Hooks": map(hook_line, report["hooks"]),
        "Tables": table_lines(report["tables"]),
        "Constants": constant_lines(report["constants"]),
    }
    parts = ("\n".join([title, *map(visible, lines)]) for title, lines in sections.items())
    return "\n\n".join(parts) + "\n"


def event_line(event: Data) -> str:
    """Return the line of an event: name, scopes, source, and what needs it."""
    reasons = ["selected"] if int(event["scopes"], 16) else []
    reasons += [f"needed by {', '.join(event['neededBy'])}"] if event["neededBy"] else []
    reasons += [f"derived from {', '.join(event['derivedFrom'])}"] if event["derivedFrom"] else []
    return f"  {event['name']:<28} {event['scopes']} {event['source']:<7} {'; '.join(reasons)}"


def hook_line(hook: Data) -> str:
    """Return the line of a hook: kind, point, program, and why it is attached."""
    return f"  {hook['kind']:<14} {hook['point']:<32} {hook['program']:<24} {hook['reason']}"


def table_lines(tables: Mapping[str, Data]) -> Iterator[str]:
    """Give the lines of all tables, each row with its masks by name."""
    for name, table in tables.items():
        yield f"  {name}"
        for field, content in table.items():
            rows: Iterable[Any] = content if isinstance(content, list) else [{field: content}]
            for row in rows:
                yield "    " + "  ".join(f"{key} {value}" for key, value in row.items())


def constant_lines(constants: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Give the constants of the BPF program, by owner."""
    for owner, defines in constants.items():
        yield f"  {owner}"
        yield from (f"    {name} {value}".rstrip() for name, value in sorted(defines.items()))
