# SPDX-License-Identifier: Apache-2.0
"""Names of events at hooks that a user chooses, such as ``kprobe:vfs_unlink``.

The kernel decides which of them exist (tracee_ref/kernel/probes/); here is only their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple


class ProbeKind(str, Enum):
    """Kind of a hook; the value precedes the first colon of the name."""

    KPROBE = "kprobe"
    KRETPROBE = "kretprobe"
    TRACEPOINT = "tracepoint"
    UPROBE = "uprobe"
    URETPROBE = "uretprobe"
    USDT = "usdt"


class ProbeName(NamedTuple):
    """Parts of a name: its kind, what follows that, and the two parts of this.

    These are a file, or a group of tracepoints, and what is hooked there: for ``usdt``
    PROVIDER:NAME.  A pattern ends with ``*``.
    """

    kind: ProbeKind
    text: str
    target: str
    symbol: str


FORMS: Final = {
    ProbeKind.KPROBE: "kprobe:FUNCTION",
    ProbeKind.KRETPROBE: "kretprobe:FUNCTION",
    ProbeKind.TRACEPOINT: "tracepoint:GROUP:NAME",
    ProbeKind.UPROBE: "uprobe:/PATH:SYMBOL",
    ProbeKind.URETPROBE: "uretprobe:/PATH:SYMBOL",
    ProbeKind.USDT: "usdt:/PATH:PROVIDER:NAME",
}
"""Form of the names of each kind."""

FUNCTION: Final = re.compile(r"(?P<target>)(?P<symbol>[\w.$]*\*|[\w.$]+)", re.ASCII)
IN_FILE: Final = r"(?P<target>/[^\0]*[^/\0]):(?P<symbol>[^:\0\s]+)"
NAMES: Final = {
    ProbeKind.KPROBE: FUNCTION,
    ProbeKind.KRETPROBE: FUNCTION,
    ProbeKind.TRACEPOINT: re.compile(
        r"(?P<target>[\w-]+):(?P<symbol>[\w-]*\*|[\w-]+)|[\w-]*\*", re.ASCII
    ),
    ProbeKind.UPROBE: re.compile(IN_FILE),
    ProbeKind.URETPROBE: re.compile(IN_FILE),
    ProbeKind.USDT: re.compile(r"(?P<target>/[^\0]*[^/\0]):(?P<symbol>[^:\0\s]+:[^:\0\s]+)"),
}
PREFIX: Final = re.compile(f"({'|'.join(ProbeKind)}):")

LONGEST: Final = 4096 + 512
"""Characters of a name: a path (PATH_MAX) and a symbol."""


def is_probe(name: str) -> bool:
    """Whether a name begins as that of an event at a chosen hook."""
    return PREFIX.match(name) is not None


def is_pattern(name: str) -> bool:
    """Whether a name stands for all names with its prefix."""
    return name.endswith("*")


def parse_probe(name: str) -> ProbeName | None:
    """Return the parts of a name or pattern; None if it has not the form of its kind."""
    found = PREFIX.match(name)
    if found is None or len(name) > LONGEST:
        return None
    kind = ProbeKind(found[1])
    parts = NAMES[kind].fullmatch(name, found.end())
    if parts is None:
        return None
    return ProbeName(kind, parts[0], parts["target"] or "", parts["symbol"] or "")


def kind_of(name: str) -> ProbeKind:
    """Return the kind of a name that ``is_probe``."""
    return ProbeKind(name.partition(":")[0])


def mentioned(name: str, values: Iterable[str]) -> bool:
    """Whether any of the values names an event at a chosen hook, or is a pattern of its kind.

    ``*`` and ``k*`` are no such patterns: what they stand for would depend on other scopes.
    """
    return any(
        name == value or (is_pattern(value) and is_probe(value) and name.startswith(value[:-1]))
        for value in values
    )
