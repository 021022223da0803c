# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for the steps of plans, with their names and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from tracee_ref.model.scope import COMM_BYTES
from vmtests.workload import plan
from vmtests.workload.plan import Call, Fork, Image, Overwrite, Track

NOWHERE = b"/proc/missing/"
"""A directory that no machine has."""

AT_FDCWD = -100

LINKS = (b"/proc/mounts", b"/proc/self/root", b"/proc/self/exe", NOWHERE + b"link")
"""The target of the first is ``self/mounts``, that of the second ``/``: the path stays as it is."""

PATHS = (b"/proc", b"/proc/mounts", b"/", NOWHERE + b"file")

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
"""Syscalls without effect, with a strategy for each argument.  The workload program itself makes
none of them, so every such event is a step."""

OVERWRITES: Mapping[str, tuple[st.SearchStrategy[int | bytes], ...]] = {
    "readlinkat": (st.just(AT_FDCWD), st.sampled_from(LINKS), st.just(0), st.integers(1, 48)),
    "newfstatat": (st.just(AT_FDCWD), st.sampled_from(PATHS), st.just(0), st.just(0)),
    "statfs": (st.sampled_from(PATHS), st.just(0)),
}
"""The same, for those that write a result over their path: a target of at most 48 bytes, or a
structure that begins with a number of which a byte is 0 (AT_RETURN_BYTES)."""

LIFE = ("execve", "exit", "exit_group", "sched_process_fork", "sched_process_exec",
        "sched_process_exit")  # fmt: skip
RENAME = "tracepoint:task:task_rename"
"""An event at a hook that flags choose: a thread gets another name, also by an exec."""

CALLS = {**ALPHABET, **OVERWRITES}
EVENTS = (*CALLS, *LIFE, RENAME)

EXECUTABLES = ("alpha", "alp", "a-name-of-more-than-15", "\udcff-not-utf8")
"""Names under which a workload can be executed; all are hard links to it."""

UIDS = (0, 1, 1000, 1001, 65534, 2**31, 2**32 - 2)
SIGNALS = (9, 10, 15)
COMMS = (b"", b"alpha", b"al", b"beta", b"a\xffb", b"fifteen-bytes-x")
HOST_NAMES = (b"web", b"web-1", b"", b"fifteen-bytes-x", b"a\xffb", b"a-name-of-more-than-15")

CGROUPS = {
    "": "",
    "plain": "",
    f"docker-{'0a' * 32}.scope": "0a" * 32,
    f"docker-{'0b' * 32}.scope": "0b" * 32,
}
"""Cgroups that a process moves to, with the id of the container of each, or an empty string."""

comms = st.sampled_from(COMMS) | (
    st.binary(max_size=COMM_BYTES).map(lambda b: b.replace(b"\0", b"x"))
)
codes = st.integers(0, 255).filter(lambda code: code not in (201, 202, 203))


@st.composite
def calls(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from(sorted(CALLS)))
    arguments = tuple(draw(argument) for argument in CALLS[name])
    return Overwrite(name, arguments) if name in OVERWRITES else Call(name, arguments)


def root_of(plans: Sequence[Image]) -> Image:
    """Return a process that runs plans one after the other."""
    runs = (item for child in plans for item in (Fork(child), plan.Wait()))
    return Image((Track((plan.Reap(), *runs)),))
