# SPDX-License-Identifier: Apache-2.0
"""The host's mount namespace, which ``host:PATH`` refers to (rule 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from .errors import HostCode, HostError
from .model.scope import HOST_MNTNS, Binary, Condition, Scope

FIRST_PROCESS: Final = Path("/proc/1/ns/mnt")


def on_this_host(scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """Return the scopes with ``host:`` resolved to the mount namespace of process 1.

    Raises HostError if a scope uses ``host:`` and the namespace cannot be read.
    """
    conditions = (condition for scope in scopes for condition in scope.conditions)
    if not any(_host_path(condition) is not None for condition in conditions):
        return tuple(scopes)
    return resolve_host(scopes, host_mount_namespace())


def resolve_host(scopes: Iterable[Scope], inode: int) -> tuple[Scope, ...]:
    """Return the scopes with the inode number of the host's mount namespace for ``host:``."""

    def resolved(condition: Condition) -> Condition:
        path = _host_path(condition)
        return condition if path is None else replace(condition, value=Binary(path, inode))

    return tuple(
        replace(scope, conditions=frozenset(map(resolved, scope.conditions))) for scope in scopes
    )


def host_mount_namespace() -> int:
    """Return the inode number of the host's mount namespace; raises HostError."""
    try:
        return FIRST_PROCESS.stat().st_ino
    except OSError as error:
        raise HostError(
            HostCode.PROCFS,
            f"{FIRST_PROCESS}: cannot be read ({error.strerror}); give the inode number instead of "
            "host:",
        ) from error


def _host_path(condition: Condition) -> bytes | None:
    """Return the path of a condition on ``host:PATH``, None for any other condition."""
    value = condition.value
    if isinstance(value, Binary) and value.mntns is HOST_MNTNS:
        return value.path
    return None
