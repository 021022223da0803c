# SPDX-License-Identifier: Apache-2.0
"""C code and hooks of the events at hooks that the user chooses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...events.catalogue import EventDefinition
from ...events.declarations import DYNAMIC_IDS
from ...events.probe_hooks import TracepointHook, UserHook
from ..attach.attachments import Hook, HookKind
from ..attach.uprobes import UserPoint
from ..build.btf import Fields
from .record_code import filler_of, program_of, record_programs
from .usdt import USER_REGISTERS
from .user_code import site_program, user_programs

REGISTERS: Fields = {"pt_regs": {name: (name,) for name in USER_REGISTERS}}


def probe_constants(events: Sequence[EventDefinition]) -> dict[str, str]:
    """Return the C constants of events at chosen hooks."""
    last = max(event.id for event in events)
    constants = {"FIRST_PROBE": str(DYNAMIC_IDS[0]), "PROBES": str(last - DYNAMIC_IDS[0] + 1)}
    return constants | ({"USER_PROBES": ""} if has_user_hook(events) else {})


def has_user_hook(events: Iterable[EventDefinition]) -> bool:
    """Whether an event is at a program or library."""
    return any(isinstance(event.hook, UserHook) for event in events)


def probe_programs(events: Iterable[EventDefinition]) -> str:
    """Return the C text of the programs of events at chosen hooks."""
    return "".join(map(_programs, events))


def _programs(event: EventDefinition) -> str:
    hook = event.hook
    if isinstance(hook, UserHook):
        return user_programs(event, hook)
    return record_programs(event, hook) if hook is not None else ""


def probe_hooks(events: Iterable[EventDefinition]) -> Iterator[Hook]:
    """Yield the hooks of events at chosen hooks."""
    for event in events:
        reason = f"event {event.name}"
        if isinstance(event.hook, TracepointHook):
            yield Hook(HookKind.TRACEPOINT, event.hook.point, program_of(event), reason)
        elif isinstance(event.hook, UserHook):
            yield from _user_hooks(event, event.hook, reason)


def _user_hooks(event: EventDefinition, hook: UserHook, reason: str) -> Iterator[Hook]:
    point = event.name.partition(":")[2]
    for index, site in enumerate(hook.sites):
        user = UserPoint(hook.path, site.offset, site.semaphore, hook.at_return)
        yield Hook(HookKind.UPROBE, point, site_program(event, index), reason, user)


def tracepoint_fillers(events: Iterable[EventDefinition]) -> dict[int, str]:
    """Return the BPF functions that fill the records at tracepoints, by event."""
    return {
        event.id - DYNAMIC_IDS[0]: filler_of(event)
        for event in events
        if isinstance(event.hook, TracepointHook)
    }
