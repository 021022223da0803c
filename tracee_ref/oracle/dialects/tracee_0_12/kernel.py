# SPDX-License-Identifier: Apache-2.0
"""Mask that the BPF programs of Tracee v0.12 compute for a task.

Tracee v0.12 facts, 2.3 to 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ....model.facts import Process
from ....model.filters import Binary
from .filters import NumberFilter
from .scope import Tracee012Scope, tree_others


class Window(NamedTuple):
    """The window of the BPF programs for a kind of number, one for all scopes."""

    low: int | None = None
    high: int | None = None

    def encloses(self, value: int) -> bool:
        """Whether a value without a map entry may match."""
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


class Bounds(NamedTuple):
    """The bounds that the BPF programs get, and whether these are all bounds of the scopes."""

    window: Window
    complete: bool


def bounds(scopes: Sequence[Tracee012Scope], filters: Sequence[NumberFilter]) -> Bounds:
    """Return the bounds for the BPF programs (Tracee v0.12 facts, 2.4).

    They get a bound only if every scope with such a filter has one.
    """
    lows = [filter_.low for filter_ in filters if filter_.low is not None]
    highs = [filter_.maximum for filter_ in filters if filter_.maximum is not None]
    single = len(scopes) <= 1
    has_low = single or len(lows) == len(filters)
    has_high = single or len(highs) == len(filters)
    low = min(lows) if lows and has_low else None
    high = max(highs) if highs and has_high else None
    return Bounds(Window(low, high), has_low and has_high)


@dataclass(frozen=True)
class Kernel:
    """Configuration and maps of the BPF programs in a run."""

    scopes: Sequence[Tracee012Scope]
    uid: Window
    pid: Window
    binaries: frozenset[Binary]

    @classmethod
    def of(cls, scopes: Sequence[Tracee012Scope]) -> Kernel:
        """Return the configuration of some scopes.

        It has no bounds at all if those of uid and those of pid are both incomplete
        (Tracee v0.12 facts, 2.4).
        """
        uid = bounds(scopes, [scope.uid for scope in scopes if scope.uid])
        pid = bounds(scopes, [scope.pid for scope in scopes if scope.pid])
        has_bounds = uid.complete or pid.complete
        filters = [scope.binary for scope in scopes if scope.binary]
        keys = frozenset(key for filter_ in filters for key in filter_.equal | filter_.unequal)
        windows = (uid.window, pid.window) if has_bounds else (Window(), Window())
        return cls(scopes, *windows, keys)

    def mask(self, process: Process) -> int:
        """Return the scopes that match or follow a process."""
        if process.tracer:
            return 0
        return sum(scope.bit for scope in self.scopes if self._matches(scope, process))

    def _matches(self, scope: Tracee012Scope, process: Process) -> bool:
        """Whether a scope matches; follow overrides the filters (Tracee v0.12 facts, 2.3)."""
        if scope.follow and process.followed & scope.bit:
            return True
        return all(test(scope, process) for test in (self._ids, names, self._binary, containers))

    def _ids(self, scope: Tracee012Scope, process: Process) -> bool:
        """Match uid and pid; either of process and thread id suffices (Tracee v0.12 facts, 2.3)."""
        uid = scope.uid is None or number(scope.uid, self.uid, process.uid)
        pid = scope.pid is None or any(
            number(scope.pid, self.pid, id_) for id_ in (process.pid, process.tid)
        )
        return uid and pid and (scope.new_pid is None or scope.new_pid.kernel(process.new))

    def _binary(self, scope: Tracee012Scope, process: Process) -> bool:
        """Match the executed file.

        A path without namespace hides others (Tracee v0.12 facts, 2.3).
        """
        if scope.binary is None:
            return True
        binary = process.binary or Binary(b"")
        path = Binary(binary.path)
        return scope.binary.kernel(path if path in self.binaries else binary)


def number(filter_: NumberFilter, window: Window, value: int) -> bool:
    """Match a number; outside of the window only ``=`` values do (Tracee v0.12 facts, 2.3)."""
    entry = filter_.listed(value)
    if entry is not None or not window.encloses(value):
        return entry is True
    return filter_.others


def names(scope: Tracee012Scope, process: Process) -> bool:
    """Match comm, uts and tree; namespaces are looked up with half a key and never found."""
    comm = scope.comm is None or scope.comm.kernel(process.comm)
    uts = scope.uts is None or scope.uts.kernel(process.uts[:15])
    namespaces = (filter_ for filter_ in (scope.mntns, scope.pidns) if filter_ is not None)
    return comm and uts and all(filter_.others for filter_ in namespaces) and tree(scope, process)


def tree(scope: Tracee012Scope, process: Process) -> bool:
    """Match ``tree`` by the nearest listed ancestor (Tracee v0.12 facts, 2.4).

    Facts hold ancestors without their order: the nearest is the process itself, else the
    highest id.
    """
    if not scope.tree:
        return True
    listed = [pid for pid in process.ancestry | {process.pid} if pid in scope.tree]
    if not listed:
        return tree_others(scope.tree)
    return scope.tree[process.pid if process.pid in listed else max(listed)]


def containers(scope: Tracee012Scope, process: Process) -> bool:
    """Match the three filters on containers (Tracee v0.12 facts, 2.3)."""
    container = process.container
    tests: list[bool] = []
    if scope.container:
        tests.append(scope.container.kernel(container is not None))
    if scope.new_container:
        tests.append(scope.new_container.kernel(container is not None and container.new))
    if scope.container_id:  # ids become map entries at load time, with the same result
        tests.append(scope.container_id.userland(container.id.encode() if container else b""))
    return all(tests)
