"""Hypothesis strategies for plans: trees of processes, and what each of them does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from model.scope import COMM_BYTES
from vmtests.workload import plan
from vmtests.workload.plan import Call, Execs, Exits, Fork, Image, Item, SetComm, Track

NOWHERE = b"/nonexistent/"
AT_FDCWD = -100

ALPHABET: Mapping[str, tuple[st.SearchStrategy[int | bytes], ...]] = {
    "getppid": (),
    "sched_yield": (),
    "getpgid": (st.sampled_from([0, 1, 2**22 + 1, -1]),),
    "close": (st.sampled_from([-1, 1000, 2**31 - 1]),),
    "dup": (st.sampled_from([-1, 1000]),),
    "lseek": (st.just(-1), st.sampled_from([0, -1, 2**40]), st.integers(0, 4)),
    "access": (st.binary(max_size=20).map(lambda b: NOWHERE + b.replace(b"\0", b"0")),
               st.integers(0, 7)),
    "openat": (st.sampled_from([AT_FDCWD, -1]), st.just(NOWHERE + b"file"),
               st.sampled_from([0, 0o2000000, 0o1101]), st.sampled_from([0, 0o644])),
}  # fmt: skip
"""Calls without effect: their arguments are strategies.  The workload makes none by itself."""

LIFE = ("execve", "exit", "exit_group", "sched_process_fork", "sched_process_exec",
        "sched_process_exit")  # fmt: skip
EVENTS = (*ALPHABET, *LIFE)

PROGRAMS = ("alpha", "alp", "a-name-of-more-than-15", "\udcff-not-utf8")
UIDS = (0, 1, 1000, 1001, 65534, 2**31, 2**32 - 2)
SIGNALS = (9, 10, 15)

comms = st.sampled_from([b"", b"alpha", b"al", b"beta", b"a\xffb", b"fifteen-bytes-x"]) | (
    st.binary(max_size=COMM_BYTES).map(lambda b: b.replace(b"\0", b"x"))
)
codes = st.integers(0, 255).filter(lambda code: code not in (201, 202, 203))


@st.composite
def calls(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from(sorted(ALPHABET)))
    return Call(name, tuple(draw(argument) for argument in ALPHABET[name]))


def items(depth: int) -> st.SearchStrategy[Item]:
    """What a thread does; below ``depth`` 1 it forks no more."""
    simple: list[st.SearchStrategy[Item]] = [
        calls(),
        calls(),
        comms.map(SetComm),
        st.sampled_from(UIDS).map(plan.SetUid),
        st.just(plan.FailedExec("missing")),
    ]
    if depth < 1:
        return st.one_of(simple)
    forks = images(depth - 1).map(Fork)
    return st.one_of(*simple, forks, forks, st.just(plan.Wait()))


@st.composite
def images(draw: st.DrawFn, depth: int) -> Image:
    """A process, its threads and its children, with at most ``depth`` forks and execs nested."""
    parks = st.sampled_from([0, 0, None])
    track = st.builds(Track, st.lists(items(depth), max_size=3).map(tuple), parks | codes)
    leader = st.builds(Track, st.lists(items(depth), max_size=5).map(tuple), parks)
    tracks = (draw(leader), *draw(st.just([]) | st.just([]) | st.lists(track, max_size=3)))
    ender = draw(st.integers(0, len(tracks) - 1))
    rest = [one for place, one in enumerate(tracks) if place != ender]
    alone = all(one.code is not None for one in rest) and draw(st.booleans())
    ending = draw(endings(depth, alone=alone))
    return Image(tracks, ender, ending, draw(st.sampled_from([False, False, True])))


def endings(depth: int, *, alone: bool) -> st.SearchStrategy[Exits | plan.Dies | Execs]:
    exits = st.builds(Exits, codes, st.just(alone))
    dies = st.sampled_from(SIGNALS).map(plan.Dies)
    if depth < 1:
        return exits | dies
    return exits | dies | st.builds(Execs, st.sampled_from(PROGRAMS), images(depth - 1))


@st.composite
def deep_images(draw: st.DrawFn, depth: int) -> Image:
    """A tree of that many generations."""
    below = draw(deep_images(depth - 1) if depth > 1 else images(0))
    return Image((Track((*draw(st.lists(items(0), max_size=2)), Fork(below))),))


crowds = st.builds(
    lambda child, count: Image((Track((Fork(child, count),)),)), images(0), st.integers(2, 200)
)

SHAPES = (images(2),) * 12 + (images(3),) * 3 + (deep_images(5),) * 3 + (crowds,)
plans = st.sampled_from(range(len(SHAPES))).flatmap(lambda shape: SHAPES[shape])


def root_of(several: Sequence[Image]) -> Image:
    """One process that runs several plans, one after the other."""
    runs = (item for child in several for item in (Fork(child), plan.Wait()))
    return Image((Track((plan.Reap(), *runs)),))
