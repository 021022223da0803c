"""A state machine whose rules draw plans and scopes step by step."""

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

from model.scope import MAX_SCOPES
from vmtests.plans import plans
from vmtests.plans.drafts import CROWD, DraftImage, DraftTrack
from vmtests.plans.drawn_scopes import Drawn, DrawnCondition
from vmtests.plans.reduction import Batch
from vmtests.plans.scopes import conditions
from vmtests.workload import plan

PROCESSES_AT_ONCE = 600
CONDITIONS = 4
"""In one scope; of more, hardly any process meets all."""

few_numbers = st.sets(st.integers(1, MAX_SCOPES), min_size=1, max_size=8)
scope_numbers = few_numbers | few_numbers | st.just(set(range(1, MAX_SCOPES + 1)))
selections = st.just(frozenset(plans.EVENTS)) | st.frozensets(
    st.sampled_from(plans.EVENTS), min_size=1
)


class DraftScope:
    """A scope while its filters are drawn."""

    def __init__(self, events: frozenset[str], *, follow: bool) -> None:
        self.events = events
        self.follow = follow
        self.conditions: list[DrawnCondition] = []


def step(**draws: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A rule that is never switched off, as Hypothesis does with half of them in each example.

    It goes by their names.  We have so few examples that whole kinds of steps would be missing.
    """
    as_rule: Any = rule(**draws)

    def named(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = "step"
        return cast(Callable[..., Any], as_rule(function))

    return named


class PlanMachine(RuleBasedStateMachine):
    """Draws ``count`` plans, which share one start of the tracer, and its scopes.

    A test makes a class of it that has the ``count``, and a list for the ``batches``.
    """

    batches: list[Batch]
    count: int

    threads = Bundle("threads")
    scopes = Bundle("scopes")

    def __init__(self) -> None:
        super().__init__()
        self._roots = [DraftImage() for _ in range(self.count)]
        self._scopes = [DraftScope(frozenset(plans.EVENTS), follow=False)]
        self._numbers: set[int] = {1}
        self._crowds = 0

    @initialize(target=threads)
    def begin_plans(self) -> MultipleResults[DraftTrack]:
        return multiple(*(root.tracks[0] for root in self._roots))

    @initialize(target=scopes, numbers=scope_numbers)
    def begin_scopes(self, numbers: set[int]) -> DraftScope:
        self._numbers = numbers
        return self._scopes[0]

    @step(thread=threads, calls=st.lists(plans.calls(), min_size=1, max_size=3))
    def call(self, thread: DraftTrack, calls: list[plan.Call]) -> None:
        thread.items += calls

    @step(thread=threads, comm=plans.comms)
    def set_comm(self, thread: DraftTrack, comm: bytes) -> None:
        thread.items.append(plan.SetComm(comm))

    @step(thread=threads, uid=st.sampled_from(plans.UIDS))
    def set_uid(self, thread: DraftTrack, uid: int) -> None:
        thread.items.append(plan.SetUid(uid))

    @step(thread=threads, name=st.sampled_from(plans.HOST_NAMES))
    def set_uts(self, thread: DraftTrack, name: bytes) -> None:
        thread.items.append(plan.SetUts(name))

    @step(thread=threads, join=st.booleans())
    def set_mntns(self, thread: DraftTrack, join: bool) -> None:
        thread.items.append(plan.JoinMntns() if join else plan.NewMntns())

    @step(thread=threads, name=st.sampled_from(sorted(plans.CGROUPS)))
    def join_cgroup(self, thread: DraftTrack, name: str) -> None:
        thread.items.append(plan.JoinCgroup(name))

    @step(thread=threads, exec_=st.booleans())
    def wait_or_fail_to_exec(self, thread: DraftTrack, exec_: bool) -> None:
        thread.items.append(plan.FailedExec("missing") if exec_ else plan.Wait())

    @step(target=threads, thread=threads, pidns=st.sampled_from([False, False, True]))
    def fork(self, thread: DraftTrack, pidns: bool) -> MultipleResults[DraftTrack]:
        return those(thread.fork(1, pidns=pidns))

    @step(target=threads, thread=threads, count=st.integers(2, CROWD))
    def fork_a_crowd(self, thread: DraftTrack, count: int) -> MultipleResults[DraftTrack]:
        if self._crowds + count > PROCESSES_AT_ONCE:
            return multiple()
        self._crowds += count
        return those(thread.fork(count, pidns=False))

    @step(target=threads, thread=threads)
    def thread(self, thread: DraftTrack) -> MultipleResults[DraftTrack]:
        return those(thread.image.thread())

    @step(target=threads, thread=threads, name=st.sampled_from(plans.PROGRAMS))
    def exec(self, thread: DraftTrack, name: str) -> MultipleResults[DraftTrack]:
        return those(thread.image.execs(thread, name))

    @step(thread=threads, code=plans.codes, parks=st.booleans())
    def end_thread(self, thread: DraftTrack, code: int, parks: bool) -> None:
        thread.code, thread.parks = code, parks

    @step(thread=threads, code=plans.codes, alone=st.booleans(), abandons=st.booleans())
    def exit(self, thread: DraftTrack, code: int, alone: bool, abandons: bool) -> None:
        thread.image.ends(thread, plan.Exits(code, alone), abandons=abandons)

    @step(thread=threads, signal=st.sampled_from(plans.SIGNALS), abandons=st.booleans())
    def die(self, thread: DraftTrack, signal: int, abandons: bool) -> None:
        thread.image.ends(thread, plan.Dies(signal), abandons=abandons)

    @step(target=scopes, events=selections, follow=st.booleans())
    def scope(self, events: frozenset[str], follow: bool) -> DraftScope:
        self._scopes.append(DraftScope(events, follow=follow))
        return self._scopes[-1]

    @step(scope=scopes, condition=conditions)
    def filter(self, scope: DraftScope, condition: DrawnCondition) -> None:
        if len(scope.conditions) < CONDITIONS:
            scope.conditions.append(condition)

    def teardown(self) -> None:
        """Keep what was drawn; without a filter it is not worth a start."""
        assume(any(scope.conditions for scope in self._scopes))
        roots = tuple(one.frozen() for one in self._roots)
        self.batches.append(Batch(roots, tuple(self._numbered())))

    def _numbered(self) -> Iterable[Drawn]:
        """A scope for each number; what was drawn repeats."""
        for place, number in enumerate(sorted(self._numbers)):
            one = self._scopes[place % len(self._scopes)]
            yield Drawn(number, one.events, frozenset(one.conditions), one.follow)


def those(thread: DraftTrack | None) -> MultipleResults[DraftTrack]:
    """A thread for the bundle, if there is one."""
    return multiple(thread) if thread else multiple()
