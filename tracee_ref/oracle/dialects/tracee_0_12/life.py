# SPDX-License-Identifier: Apache-2.0
"""What forks, execs and exits make of processes (sections 2.5 and 2.6)."""

from __future__ import annotations

from dataclasses import replace

from model import lifecycle
from model.facts import Process
from model.lifecycle import Exec, Fork, LifeEvent, State

from .decision import Pipeline


def step(run: Pipeline, state: State, event: LifeEvent) -> State:
    """Return the state after an event; ids, names and descent are as everywhere."""
    after = lifecycle.step((), state, event)
    task = state.facts(event.tid)
    if isinstance(event, Fork):
        changed = forked(run, task, after, event)
    elif isinstance(event, Exec):
        changed = {task.pid: executed(run, after.facts(task.pid))}
    else:
        changed = {}
    return State({**after.tasks, **changed})


def forked(run: Pipeline, parent: Process, after: State, event: Fork) -> dict[int, Process]:
    """Section 2.6: a child begins with its parent's mask; a thread gives it to its process."""
    matched = run.process_mask(parent)
    if event.child_pid != parent.pid:
        return {event.child_tid: replace(after.facts(event.child_tid), followed=matched)}
    threads = after.threads(parent.pid)
    return {tid: replace(one, followed=matched or one.followed) for tid, one in threads.items()}


def executed(run: Pipeline, process: Process) -> Process:
    """Sections 2.5 and 2.6: the process is new from now on, and followed if it matches."""
    now = replace(process, new=True)
    return replace(now, followed=run.process_mask(now) or now.followed)
