# SPDX-License-Identifier: Apache-2.0
"""The mask that the BPF programs compute from the facts of a task (sections 2.3 to 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model.facts import Process
from model.filters import Binary

from .filters import NumberFilter
from .scope import Scope, tree_others


class Window(NamedTuple):
    """The one window of the whole kernel side for a kind of number; None is no bound."""

    low: int | None = None
    high: int | None = None

    def encloses(self, value: int) -> bool:
        """Whether values without an entry in the map may pass."""
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


class Bounds(NamedTuple):
    """What of the scopes' bounds could go to the kernel, and whether all of them could."""

    window: Window
    whole: bool


def bounds(scopes: Sequence[Scope], filters: Sequence[NumberFilter]) -> Bounds:
    """Section 2.4: a bound goes to the kernel if every scope with such a filter has one."""
    lows = [one.low for one in filters if one.low is not None]
    highs = [one.maximum for one in filters if one.maximum is not None]
    alone = len(scopes) <= 1
    low_goes = alone or len(lows) == len(filters)
    high_goes = alone or len(highs) == len(filters)
    low = min(lows) if lows and low_goes else None
    high = max(highs) if highs and high_goes else None
    return Bounds(Window(low, high), low_goes and high_goes)


@dataclass(frozen=True)
class Kernel:
    """The configuration and the maps of a run."""

    scopes: Sequence[Scope]
    uid: Window
    pid: Window
    binaries: frozenset[Binary]

    @classmethod
    def of(cls, scopes: Sequence[Scope]) -> Kernel:
        """Fill the maps; if bounds of both uid and pid cannot go, none goes (section 2.4)."""
        uid = bounds(scopes, [one.uid for one in scopes if one.uid])
        pid = bounds(scopes, [one.pid for one in scopes if one.pid])
        some = uid.whole or pid.whole
        used = [one.binary for one in scopes if one.binary]
        keys = frozenset(key for one in used for key in one.equal | one.unequal)
        none = Window()
        return cls(scopes, uid.window if some else none, pid.window if some else none, keys)

    def mask(self, process: Process) -> int:
        """Return the scopes whose filters on processes match, or that follow the process."""
        if process.tracer:
            return 0
        return sum(one.bit for one in self.scopes if self._matches(one, process))

    def _matches(self, scope: Scope, process: Process) -> bool:
        """Section 2.3: follow comes last and overrules the filters."""
        if scope.follow and process.followed & scope.bit:
            return True
        return all(test(scope, process) for test in (self._ids, names, self._programs, containers))

    def _ids(self, scope: Scope, process: Process) -> bool:
        """Section 2.3: process and thread id are looked up apart, and one match is enough."""
        uid = scope.uid is None or number(scope.uid, self.uid, process.uid)
        pid = scope.pid is None or any(
            number(scope.pid, self.pid, one) for one in (process.pid, process.tid)
        )
        return uid and pid and (scope.new_pid is None or scope.new_pid.kernel(process.new))

    def _programs(self, scope: Scope, process: Process) -> bool:
        """Section 2.3: the path alone is tried first, and hides entries with a namespace."""
        if scope.binary is None:
            return True
        found = process.binary or Binary(b"")
        alone = Binary(found.path)
        return scope.binary.kernel(alone if alone in self.binaries else found)


def number(filter_: NumberFilter, window: Window, value: int) -> bool:
    """Section 2.3: ``umatch``; outside of the window only the ``=`` values match."""
    entry = filter_.listed(value)
    if entry is not None or not window.encloses(value):
        return entry is True
    return filter_.others


def names(scope: Scope, process: Process) -> bool:
    """Thread and host names; namespaces are looked up with half a key and never found."""
    comm = scope.comm is None or scope.comm.kernel(process.comm)
    uts = scope.uts is None or scope.uts.kernel(process.uts[:15])
    namespaces = (one for one in (scope.mntns, scope.pidns) if one is not None)
    return comm and uts and all(one.others for one in namespaces) and tree(scope, process)


def tree(scope: Scope, process: Process) -> bool:
    """Section 2.4: the nearest listed ancestor decides.

    Facts hold ancestors without their order; of several the process itself, else the highest
    id is taken for the nearest.
    """
    if not scope.tree:
        return True
    listed = [pid for pid in process.ancestry | {process.pid} if pid in scope.tree]
    if not listed:
        return tree_others(scope.tree)
    return scope.tree[process.pid if process.pid in listed else max(listed)]


def containers(scope: Scope, process: Process) -> bool:
    """Section 2.3: being in a container, in a new one, and in one of the ids."""
    container = process.container
    tests: list[bool] = []
    if scope.container:
        tests.append(scope.container.kernel(container is not None))
    if scope.new_container:
        tests.append(scope.new_container.kernel(container is not None and container.new))
    if scope.container_id:  # ids become map entries when loading; what matches stays the same
        tests.append(scope.container_id.userland(container.id.encode() if container else b""))
    return all(tests)
