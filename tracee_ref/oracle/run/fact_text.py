"""Facts in words, for explanations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import fsdecode
from typing import Final

from model.facts import Process, Shown
from model.filters import Key

from ...output.visible import visible

LISTED: Final = 8
"""Process ids of a descent that are shown; the others are counted."""


def text(value: bytes) -> str:
    """Return a name or path for a terminal."""
    return visible(fsdecode(value)) or "empty"


def fact_of(key: Key, process: Process) -> str:
    """Return the fact that a filter on processes looks at."""
    return FACTS[key](process)


def field_fact(shown: Shown | None) -> str:
    """Return the value of a field; rule 18 for one that is not there."""
    if shown is None:
        return "not there, or not readable, so nothing holds of it"
    raw = text(shown.raw) if isinstance(shown.raw, bytes) else str(shown.raw)
    printed = text(shown.printed)
    return f"the value is {raw}" if raw == printed else f"the value is {raw}, printed {printed}"


def _pid(process: Process) -> str:
    age = "began after tracing did" if process.new else "is older than the tracing"
    return f"the process is {process.pid}, the thread {process.tid}; it {age}"


def _binary(process: Process) -> str:
    binary = process.binary
    if binary is None:
        return "the program is not known"
    return f"the program is {text(binary.path)} in mount namespace {binary.mntns or 'unknown'}"


def _container(process: Process) -> str:
    container = process.container
    if container is None:
        return "the process is in no container"
    age = "started after tracing began" if container.new else "older than the tracing"
    return f"the container is {visible(container.id)}, {age}"


def _tree(process: Process) -> str:
    pids = sorted(process.ancestry)
    more = f" and {len(pids) - LISTED} more" if len(pids) > LISTED else ""
    listed = " ".join(map(str, pids[-LISTED:])) or "none that is known"
    return f"process {process.pid} and those it descends from: {listed}{more}"


FACTS: Final[Mapping[Key, Callable[[Process], str]]] = {
    Key.COMM: lambda process: f"the thread is named {text(process.comm)}",
    Key.UTS: lambda process: f"the host name is {text(process.uts)}",
    Key.UID: lambda process: f"the uid is {process.uid}",
    Key.PID: _pid,
    Key.MNTNS: lambda process: f"the mount namespace is {process.mntns}",
    Key.PIDNS: lambda process: f"the pid namespace is {process.pidns}",
    Key.BINARY: _binary,
    Key.CONTAINER: _container,
    Key.IN_CONTAINER: _container,
    Key.TREE: _tree,
}
