# SPDX-License-Identifier: Apache-2.0
"""Evaluation of conditions without a scope."""

from __future__ import annotations

from collections.abc import Iterable

from tracee_ref.model.facts import Process
from tracee_ref.model.filters import Condition
from tracee_ref.model.predicates import conjunction, process_predicate


def conditions_hold(conditions: Iterable[Condition], process: Process) -> bool:
    """Whether these conditions on a process hold, as they would in a scope (rule 4)."""
    return all(test(process) for test in conjunction(tuple(conditions), process_predicate))
