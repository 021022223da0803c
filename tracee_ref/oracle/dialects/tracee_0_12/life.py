# SPDX-License-Identifier: Apache-2.0
"""Effect of forks, execs and exits on processes in Tracee v0.12.

Tracee v0.12 facts, 2.5 and 2.6.
"""

from __future__ import annotations

from dataclasses import replace

from ....model import lifecycle
from ....model.facts import Process
from ....model.lifecycle import Exec, Fork, LifeEvent, State
from .decision import Tracee012Pipeline


def step(run: Tracee012Pipeline, state: State, event: LifeEvent) -> State:
    """Return the state after an event; ids, names and ancestry are those of the model."""
    after = lifecycle.step((), state, event)
    task = state.facts(event.tid)
    if isinstance(event, Fork):
        changed = forked(run, task, after, event)
    elif isinstance(event, Exec):
        changed = {task.pid: executed(run, after.facts(task.pid))}
    else:
        changed = {}
    return State({**after.tasks, **changed})


def forked(
    run: Tracee012Pipeline, parent: Process, after: State, event: Fork
) -> dict[int, Process]:
    """Return the tasks followed after a fork (Tracee v0.12 facts, 2.6).

    A child starts with the mask of its parent; a new thread gives it to all threads.
    """
    matched = run.process_mask(parent)
    if event.child_pid != parent.pid:
        return {event.child_tid: replace(after.facts(event.child_tid), followed=matched)}
    threads = after.threads(parent.pid)
    return {tid: replace(task, followed=matched or task.followed) for tid, task in threads.items()}


def executed(run: Tracee012Pipeline, process: Process) -> Process:
    """Return the process after an exec: new, and followed if it matches.

    Tracee v0.12 facts, 2.5 and 2.6.
    """
    now = replace(process, new=True)
    return replace(now, followed=run.process_mask(now) or now.followed)
