# SPDX-License-Identifier: Apache-2.0
"""Hypothesis state machine whose rules draw plans and scopes step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)

from tracee_ref.model.scope import MAX_SCOPES
from vmtests.plans import steps
from vmtests.plans.drafts import MAX_CROWD, DraftImage, DraftTrack
from vmtests.plans.reduction import Batch
from vmtests.plans.scope_drafts import DrawnCondition, DrawnScope
from vmtests.plans.scopes import conditions
from vmtests.workload import plan

MAX_PROCESSES = 600
MAX_CONDITIONS = 4
"""Of one scope: hardly any process would match more."""

few_numbers = st.sets(st.integers(1, MAX_SCOPES), min_size=1, max_size=8)
scope_numbers = few_numbers | few_numbers | st.just(set(range(1, MAX_SCOPES + 1)))
selections = st.just(frozenset(steps.EVENTS)) | st.frozensets(
    st.sampled_from(steps.EVENTS), min_size=1
)


class DraftScope:
    def __init__(self, events: frozenset[str], *, follow: bool) -> None:
        self.events = events
        self.follow = follow
        self.conditions: list[DrawnCondition] = []


def step(**draws: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a rule that Hypothesis never disables.

    It disables about half of the rules, by name, in each example.  There are so few examples that
    whole kinds of steps would be missing.  All rules have the same name instead.
    """
    as_rule: Any = rule(**draws)

    def named(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = "step"
        return cast(Callable[..., Any], as_rule(function))

    return named


class PlanMachine(RuleBasedStateMachine):
    """Draws ``count`` plans that share one start of the tracer, and its scopes.

    A test derives a class with ``count`` and a list to append the ``batches`` to.
    """

    batches: list[Batch]
    count: int

    threads = Bundle("threads")
    scopes = Bundle("scopes")

    def __init__(self) -> None:
        super().__init__()
        self._roots = [DraftImage() for _ in range(self.count)]
        self._scopes = [DraftScope(frozenset(steps.EVENTS), follow=False)]
        self._numbers: set[int] = {1}
        self._crowds = 0

    @initialize(target=threads)
    def begin_plans(self) -> MultipleResults[DraftTrack]:
        return multiple(*(root.tracks[0] for root in self._roots))

    @initialize(target=scopes, numbers=scope_numbers)
    def begin_scopes(self, numbers: set[int]) -> DraftScope:
        self._numbers = numbers
        return self._scopes[0]

    @step(thread=threads, calls=st.lists(steps.calls(), min_size=1, max_size=3))
    def call(self, thread: DraftTrack, calls: list[plan.Call]) -> None:
        thread.items += calls

    @step(thread=threads, comm=steps.comms)
    def set_comm(self, thread: DraftTrack, comm: bytes) -> None:
        thread.items.append(plan.SetComm(comm))

    @step(thread=threads, uid=st.sampled_from(steps.UIDS))
    def set_uid(self, thread: DraftTrack, uid: int) -> None:
        thread.items.append(plan.SetUid(uid))

    @step(thread=threads, name=st.sampled_from(steps.HOST_NAMES))
    def set_uts(self, thread: DraftTrack, name: bytes) -> None:
        thread.items.append(plan.SetUts(name))

    @step(thread=threads, join=st.booleans())
    def set_mntns(self, thread: DraftTrack, join: bool) -> None:
        thread.items.append(plan.JoinMntns() if join else plan.NewMntns())

    @step(thread=threads, name=st.sampled_from(sorted(steps.CGROUPS)))
    def join_cgroup(self, thread: DraftTrack, name: str) -> None:
        thread.items.append(plan.JoinCgroup(name))

    @step(thread=threads, exec_=st.booleans())
    def wait_or_fail_to_exec(self, thread: DraftTrack, exec_: bool) -> None:
        thread.items.append(plan.FailedExec("missing") if exec_ else plan.Wait())

    @step(target=threads, thread=threads, pidns=st.sampled_from([False, False, True]))
    def fork(self, thread: DraftTrack, pidns: bool) -> MultipleResults[DraftTrack]:
        return optional(thread.fork(1, pidns=pidns))

    @step(target=threads, thread=threads, count=st.integers(2, MAX_CROWD))
    def fork_a_crowd(self, thread: DraftTrack, count: int) -> MultipleResults[DraftTrack]:
        if self._crowds + count > MAX_PROCESSES:
            return multiple()
        self._crowds += count
        return optional(thread.fork(count, pidns=False))

    @step(target=threads, thread=threads)
    def thread(self, thread: DraftTrack) -> MultipleResults[DraftTrack]:
        return optional(thread.image.thread())

    @step(target=threads, thread=threads, name=st.sampled_from(steps.EXECUTABLES))
    def exec(self, thread: DraftTrack, name: str) -> MultipleResults[DraftTrack]:
        return optional(thread.image.exec(thread, name))

    @step(thread=threads, code=steps.codes, parks=st.booleans())
    def end_thread(self, thread: DraftTrack, code: int, parks: bool) -> None:
        thread.code, thread.parks = code, parks

    @step(thread=threads, code=steps.codes, alone=st.booleans(), abandons=st.booleans())
    def exit(self, thread: DraftTrack, code: int, alone: bool, abandons: bool) -> None:
        thread.image.end(thread, plan.Exits(code, alone), abandons=abandons)

    @step(thread=threads, signal=st.sampled_from(steps.SIGNALS), abandons=st.booleans())
    def die(self, thread: DraftTrack, signal: int, abandons: bool) -> None:
        thread.image.end(thread, plan.Dies(signal), abandons=abandons)

    @step(target=scopes, events=selections, follow=st.booleans())
    def scope(self, events: frozenset[str], follow: bool) -> DraftScope:
        self._scopes.append(DraftScope(events, follow=follow))
        return self._scopes[-1]

    @step(scope=scopes, condition=conditions)
    def filter(self, scope: DraftScope, condition: DrawnCondition) -> None:
        if len(scope.conditions) < MAX_CONDITIONS:
            scope.conditions.append(condition)

    def teardown(self) -> None:
        """Append the batch; reject one without a filter, as it is not worth a start."""
        assume(any(scope.conditions for scope in self._scopes))
        roots = tuple(root.frozen() for root in self._roots)
        self.batches.append(Batch(roots, tuple(self._numbered())))

    def _numbered(self) -> Iterable[DrawnScope]:
        """Yield a scope for each number, repeating the drawn ones."""
        for index, number in enumerate(sorted(self._numbers)):
            scope = self._scopes[index % len(self._scopes)]
            yield DrawnScope(number, scope.events, frozenset(scope.conditions), scope.follow)


def optional(thread: DraftTrack | None) -> MultipleResults[DraftTrack]:
    """Return a thread for the bundle, or none."""
    return multiple(thread) if thread else multiple()
