# SPDX-License-Identifier: Apache-2.0
"""Events at chosen hooks that flags name, read before the flags are parsed.

The catalogue of a run has them only if a flag names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import UsageError
from ..events.probe_names import is_pattern, is_probe
from ..model.scope import Op
from .fields import split_field
from .kinds import BY_SPELLING
from .syntax import Flag, split_flag


def requested_probes(flags: Iterable[str]) -> dict[str, str]:
    """Return names and patterns of events at chosen hooks, each with the first flag that has it.

    What a flag only excludes by a pattern need not exist.
    """
    found: dict[str, str] = {}
    for text in flags:
        for name in _names(text):
            found.setdefault(name, text)
    return found


def _names(text: str) -> Iterator[str]:
    try:
        flag = split_flag(text)
    except UsageError:  # the parser will say so
        return
    kind = BY_SPELLING.get(flag.name)
    if kind is not None and kind.name == "event":
        yield from _values(flag)
    elif is_probe(flag.name):
        event, part, _ = split_field(flag.name)
        if part and not is_pattern(event):
            yield event


def _values(flag: Flag) -> Iterator[str]:
    for value in flag.values.split(","):
        if is_probe(value) and (flag.op is Op.EQ or not is_pattern(value)):
            yield value
