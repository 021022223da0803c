# SPDX-License-Identifier: Apache-2.0
"""Warnings about filters that match nothing; errors for impossible ids.

The grammar accepts both (vectors/v1), so these are for the tracer only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ..errors import UsageCode, flag_error
from ..events.catalogue import EventDefinition
from ..model.filters import HOST_MNTNS, Binary, Condition, ContainerId
from ..model.scope import Scope
from ..strings import text_of
from ..symbols.watched import LOADED, SYMBOLS, watch_of
from ..tables.containers import PREFIX
from .contradictions import contradictions
from .format import format_filter
from .symbolic import unprinted

SCRIPT: Final = b"#!"
READ_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def check_container_ids(scopes: Iterable[Scope]) -> None:
    """Raise UsageError for an id that no container has."""
    for scope, condition in _conditions(scopes):
        value = condition.value
        if isinstance(value, ContainerId) and not PREFIX.fullmatch(value.prefix):
            flag = f"{scope.number}:{format_filter([condition])}"
            reason = f"invalid filter value {value.prefix}"
            remedy = "expected new, or the first of the 64 hexadecimal digits (0-9, a-f) of an id"
            raise flag_error(UsageCode.VALUE, flag, reason, remedy)


def filter_warnings(
    scopes: Iterable[Scope], events: Mapping[str, EventDefinition]
) -> Iterator[str]:
    """Yield a sentence for each filter that can match nothing on this host."""
    listed = [*scopes]
    yield from contradictions(listed, events)
    yield from unprinted(listed, events)
    yield from unwatched(listed)
    warned = set()
    for scope, condition in _conditions(listed):
        value = condition.value
        if isinstance(value, Binary) and value.mntns in (None, HOST_MNTNS) and value not in warned:
            warned.add(value)
            if reason := _binary_problem(value.path):
                yield f"scope {scope.number}: {format_filter([condition])}: {reason}"


def unwatched(scopes: Iterable[Scope]) -> Iterator[str]:
    """Yield a sentence for each scope that selects symbols_loaded and watches no symbol."""
    for scope in scopes:
        if LOADED in scope.events and not watch_of(scope, LOADED).wanted:
            flag = f"{LOADED}.args.{SYMBOLS}="
            yield f"scope {scope.number}: {LOADED} has no events without {flag}, what to watch"


def _binary_problem(path: bytes) -> str:
    """Return why a path is not that of an executable as the kernel resolves it; else empty.

    A path that is not there may be one of a container.
    """
    try:
        resolved = os.path.realpath(path, strict=True)
        if Path(os.fsdecode(resolved)).is_dir():
            return "this is a directory; give the path of an executable"
    except (OSError, ValueError):
        return ""
    if resolved != path:
        return (
            f"the kernel resolves this path to {text_of(resolved)} here; "
            f"give binary={text_of(resolved)}"
        )
    return "this is a script; give the path of its interpreter" if _is_script(resolved) else ""


def _is_script(path: bytes) -> bool:
    try:
        descriptor = os.open(path, READ_FLAGS)
    except OSError:
        return False
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return regular and os.read(descriptor, len(SCRIPT)) == SCRIPT
    finally:
        os.close(descriptor)


def _conditions(scopes: Iterable[Scope]) -> Iterator[tuple[Scope, Condition]]:
    for scope in scopes:
        yield from ((scope, condition) for condition in sorted(scope.conditions, key=repr))
