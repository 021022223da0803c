# SPDX-License-Identifier: Apache-2.0
"""Features of kernels, and skips that the version of a kernel must justify.

A guest runs a stock kernel of a known release, so a feature that is missing there although its
release has it is a failure.  This machine's kernel may be built without it, or may refuse it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

import pytest
from _pytest.outcomes import Skipped  # pytest.skip.Exception, as a type for mypy


@dataclass(frozen=True)
class Feature:
    """A feature: the first release (major, minor) with it, the commit, and its build option."""

    description: str
    since: tuple[int, int]
    commit: str
    option: str


FEATURES: Final = {
    "cgroup2": Feature(
        "cgroup v2",
        (4, 5),
        '67e9c74b8a87 ("cgroup: replace __DEVEL__sane_behavior with cgroup2 fs type")',
        "CONFIG_CGROUPS",
    ),
    # Stock kernels had it before git did.  Since Linux v6.7, a11e097504ac ("x86: Make
    # IA32_EMULATION boot time overridable"), it may be built in and off; Debian's is on.
    "ia32": Feature(
        "32-bit system calls",
        (2, 6),
        '1da177e4c3f4 ("Linux-2.6.12-rc2")',
        "CONFIG_IA32_EMULATION",
    ),
    "userfaultfd": Feature(
        "userfaultfd()",
        (4, 3),
        '86039bd3b4e6 ("userfaultfd: add new syscall to provide memory externalization")',
        "CONFIG_USERFAULTFD",
    ),
    "kprobes": Feature(
        "kprobes as perf events",
        (4, 17),
        "e12f03d7031a (\"perf/core: Implement the 'perf_kprobe' PMU\")",
        "CONFIG_KPROBE_EVENTS",
    ),
}


class Unsupported(Skipped):
    """A skip that is justified; any other skip in a guest is a failure."""


class HasRelease(Protocol):
    """A kernel: its name, ``host`` for this machine's, and its ``uname -r``."""

    @property
    def name(self) -> str: ...

    @property
    def release(self) -> str: ...


def skip_unless(kernel: HasRelease, feature: str, *, present: bool) -> None:
    """Go on if the kernel has a feature; else skip, or fail where its release has the feature."""
    if present:
        return
    wanted = FEATURES[feature]
    since = f"Linux v{wanted.since[0]}.{wanted.since[1]}, {wanted.commit}"
    missing = f"{kernel.name}: Linux {kernel.release} has no {wanted.description}"
    if version(kernel.release) < wanted.since:
        raise Unsupported(f"{missing}, which are there since {since}")
    skip_on_host(kernel, f"{missing}: built or started without {wanted.option} (since {since})")


def skip_on_host(kernel: HasRelease, reason: str) -> NoReturn:
    """Skip what this machine does not allow or does not need; fail in a guest."""
    if kernel.name == "host":
        raise Unsupported(reason)
    pytest.fail(reason)


def unjustified(kernel: str | None, error: BaseException | None) -> bool:
    """Return whether a test on a guest was skipped by other ways than those above."""
    skipped = isinstance(error, pytest.skip.Exception)
    return skipped and kernel not in (None, "host") and not isinstance(error, Unsupported)


def version(release: str) -> tuple[int, int]:
    """Return the major and minor number of a release, such as ``6.12.9+deb13-amd64``."""
    found = re.match(r"(\d+)\.(\d+)", release)
    assert found, release
    return int(found[1]), int(found[2])
