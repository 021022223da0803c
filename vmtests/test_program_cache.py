# SPDX-License-Identifier: Apache-2.0
"""Cache of compiled programs: reuse, corruption, and size."""

from __future__ import annotations

import os
import time

import pytest

from tracee_ref.kernel.build.cache import DIRECTORY, PROGRAMS_MAX
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, run, trace

COMPILE_SECONDS = 30.0
"""Much longer than a start that compiles; a tracer once waited a minute for a server."""

TRACE = f"{TRACEE_REF} -f event=getppid -o json -- /usr/bin/python3 -ISc 'import os; os.getppid()'"


def shell(kernel: Kernel, script: str) -> list[str]:
    """Run a script in which $d is the path of a missing cache directory; return its output."""
    setup = f"set -e; top=$(mktemp -d); d=$top/new; export {DIRECTORY}=$d; "
    result = run(kernel, ["sh", "-c", f"{setup}{script}; rm -r $top"])
    assert result.status == 0, result.stderr
    return result.lines


def count_events(lines: list[str]) -> int:
    return sum('"eventName":"getppid"' in line for line in lines)


@pytest.mark.oldest_and_newest
def test_cache_compiles_on_kernel(kernel: Kernel) -> None:
    """A kernel compiles its programs itself; other tests of guests use the compile server."""
    directory = f"/var/tmp/tracee-ref-{os.getpid()}"
    command = ["/usr/bin/python3", "-ISc", "import os; os.getppid()"]
    traced = trace(kernel, "-f event=getppid -o json", command, programs=directory)
    assert count_events(traced.lines) == 1, traced.stderr
    (file,) = run(kernel, ["sh", "-c", f"ls {directory}; rm -r {directory}"]).lines
    assert file.endswith(".program")


@pytest.mark.host_only
def test_cache_reuses_program(kernel: Kernel) -> None:
    """A second run loads the file of the first."""
    lines = shell(
        kernel, f"{TRACE}; before=$(stat -c %i $d/*); {TRACE}; stat -c %i $d/*; echo $before"
    )
    assert count_events(lines) == 2
    assert lines[-1] == lines[-2]


@pytest.mark.host_only
def test_cache_corrupt_program(kernel: Kernel) -> None:
    """A truncated file is compiled again and replaced."""
    truncate = "for f in $d/*; do head -c 50 $f >$top/x; cp $top/x $f; done"
    lines = shell(kernel, f"{TRACE}; {truncate}; {TRACE}; cmp -s $top/x $d/* || echo whole")
    assert count_events(lines) == 2
    assert lines[-1] == "whole"


@pytest.mark.host_only
def test_cache_unusable_directory(kernel: Kernel) -> None:
    """The tracer runs without a cache if its directory cannot be created."""
    assert count_events(shell(kernel, f"touch $d; {TRACE}")) == 1


@pytest.mark.host_only
def test_cache_size_limit(kernel: Kernel) -> None:
    """The oldest files are removed."""
    many = (
        f"mkdir $d; for i in $(seq {PROGRAMS_MAX + 5}); do touch -d 2020-01-01 $d/$i.program; done"
    )
    assert shell(kernel, f"{many}; {TRACE} >/dev/null; ls $d | wc -l") == [str(PROGRAMS_MAX)]


@pytest.mark.host_only
def test_cache_foreign_files(kernel: Kernel) -> None:
    """A run compiles at once, whatever else is in the directory."""
    start = time.monotonic()
    assert count_events(shell(kernel, f"mkdir $d; touch $d/served; {TRACE}")) == 1
    assert time.monotonic() - start < COMPILE_SECONDS
