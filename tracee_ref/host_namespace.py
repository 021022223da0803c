"""``host:PATH``: the mount namespace of the host is that of its first process (rule 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from model.scope import Binary, Condition, Scope

from .errors import HostError
from .filters.values import HOST_MNTNS

FIRST_PROCESS: Final = Path("/proc/1/ns/mnt")


def on_this_host(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return the scopes with the inode number in place of ``host:``; raises HostError."""
    return tuple(
        replace(scope, conditions=frozenset(map(_resolved, scope.conditions))) for scope in scopes
    )


def _resolved(condition: Condition) -> Condition:
    value = condition.value
    if not isinstance(value, Binary) or value.mntns != HOST_MNTNS:
        return condition
    return replace(condition, value=Binary(value.path, host_mount_namespace()))


def host_mount_namespace() -> int:
    """Return the inode number of the host's mount namespace."""
    try:
        return FIRST_PROCESS.stat().st_ino
    except OSError as error:
        raise HostError(
            f"{FIRST_PROCESS}: cannot be read ({error.strerror}); give the inode number instead of "
            "host:"
        ) from error
