# SPDX-License-Identifier: Apache-2.0
"""Errors that end a run."""

from __future__ import annotations

import pickle

import pytest

from tracee_ref.errors import HostCode, HostError, UsageCode, UsageError, exhausted
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters

FLAGS = {
    "65:uid=1": UsageCode.SCOPE,
    "uid=": UsageCode.EXPRESSION,
    "uid<0": UsageCode.EXPRESSION,
    "mntns<5": UsageCode.EXPRESSION,
    "nonsense=1": UsageCode.OPTION,
    "comm<a": UsageCode.OPERATOR,
    "event<openat": UsageCode.OPERATOR,
    "uid=a": UsageCode.VALUE,
    "tree=a": UsageCode.VALUE,
    "event=nonsense": UsageCode.EVENT,
    "nonsense.retval=0": UsageCode.EVENT,
    "set=nonsense": UsageCode.SET,
    "openat.args.nonsense=1": UsageCode.ARGUMENT,
    "openat.context.nonsense=1": UsageCode.FIELD,
    "openat.context.comm<1": UsageCode.OPERATOR,
    "open.retval=0": UsageCode.NOT_SELECTED,
    "tree=" + ",".join(map(str, range(8193))): UsageCode.LIMIT,
}


@pytest.mark.parametrize(("flag", "code"), FLAGS.items(), ids=[flag[:20] for flag in FLAGS])
def test_flag_error_code(flag: str, code: UsageCode) -> None:
    """The code says what is wrong, and the error which flag it is; others are not blamed."""
    with pytest.raises(UsageError) as error:
        parse_filters(["event=openat", flag, "2:comm=a"], load_catalogue())
    assert (error.value.code, error.value.flag, error.value.scope) == (code, flag, None)


def test_no_events_error_names_the_scope() -> None:
    """No single flag is to blame where a scope is left without events."""
    with pytest.raises(UsageError) as error:
        parse_filters(["7:event=openat", "7:event!=openat"], load_catalogue())
    assert (error.value.code, error.value.flag, error.value.scope) == (
        UsageCode.NO_EVENTS,
        None,
        7,
    )


def test_errors_survive_pickling() -> None:
    """A check of streams that runs on other processes sends errors back."""
    usage = pickle.loads(pickle.dumps(UsageError(UsageCode.SCOPE, "a\n", flag="65:", scope=1)))
    assert (usage.code, str(usage), usage.flag, usage.scope) == (
        UsageCode.SCOPE,
        r"a\n",
        "65:",
        1,
    )
    host = pickle.loads(pickle.dumps(HostError(HostCode.KERNEL, "no BTF")))
    assert (host.code, str(host)) == (HostCode.KERNEL, "no BTF")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("libbpf.so.1: failed to map segment from shared object", "ulimit -v"),
        ("libbpf.so.1: cannot open shared object file: Too many open files", "ulimit -n"),
        ("libbpf.so.1: cannot open shared object file: No such file or directory", ""),
    ],
)
def test_exhausted_library(text: str, remedy: str) -> None:
    """A library that cannot be loaded is missing only if the dynamic linker says so."""
    error = exhausted(OSError(text))
    assert remedy in str(error) if remedy else error is None
