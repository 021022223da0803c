# SPDX-License-Identifier: Apache-2.0
"""Skips in tests of kernels: justified by the release of the kernel, or a failure."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from vmtests.lab.features import FEATURES, Unsupported, skip_on_host, skip_unless, unjustified

Failed = pytest.fail.Exception
Skipped = pytest.skip.Exception


class Release(NamedTuple):
    """What the checks need of a kernel."""

    name: str
    release: str


BEFORE = Release("4.9", "4.9.0-19-amd64")
SINCE = Release("4.17", "4.17.0-3-amd64")
HOST = Release("host", "6.18.44-fc-v595")


@pytest.mark.parametrize("kernel", [BEFORE, SINCE, HOST])
def test_feature_present(kernel: Release) -> None:
    skip_unless(kernel, "kprobes", present=True)


def test_feature_missing_before_release() -> None:
    """The reason, which the matrix prints, has the release and the commit."""
    with pytest.raises(Unsupported, match=r"4\.9.* has no kprobes.* v4\.17, e12f03d7031a"):
        skip_unless(BEFORE, "kprobes", present=False)


@pytest.mark.parametrize("release", ["4.17.0-3-amd64", "5.4.0", "10.0.1+deb15-amd64"])
def test_feature_missing_since_release(release: str) -> None:
    with pytest.raises(Failed, match=r"has no kprobes.*CONFIG_KPROBE_EVENTS"):
        skip_unless(Release("guest", release), "kprobes", present=False)


def test_feature_missing_on_host() -> None:
    with pytest.raises(Unsupported, match="CONFIG_IA32_EMULATION"):
        skip_unless(HOST, "ia32", present=False)


def test_skip_on_host_only() -> None:
    with pytest.raises(Unsupported, match="not here"):
        skip_on_host(HOST, "not here")
    with pytest.raises(Failed, match="not here"):
        skip_on_host(SINCE, "not here")


def test_skip_unjustified() -> None:
    """A plain skip counts as a failure where it is about a guest."""
    plain = Skipped("because")
    assert unjustified("6.1", plain)
    assert not unjustified("host", plain)
    assert not unjustified(None, plain)
    assert not unjustified("6.1", Unsupported("because"))
    assert not unjustified("6.1", Failed("because"))
    assert not unjustified("6.1", None)


def test_feature_citations() -> None:
    """Each has a commit, with its subject."""
    for feature in FEATURES.values():
        commit, _, subject = feature.commit.partition(" ")
        assert len(commit) == 12
        assert int(commit, 16)
        assert subject[:2] + subject[-2:] == '("")'
