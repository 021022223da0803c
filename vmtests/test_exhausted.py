# SPDX-License-Identifier: Apache-2.0
"""Limits of a process and of its host: each is one line with a remedy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tracee_ref.kernel.build.cache import DIRECTORY
from vmtests.lab.features import skip_on_host
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, run

pytestmark = pytest.mark.host_only

TRACER = f"{TRACEE_REF} -f event=openat -o json:/dev/null"
PARALLEL = 3
PIDS = """
findmnt -nft cgroup -O pids -o TARGET && exit
top=$(findmnt -nft cgroup2 -o TARGET) && echo +pids >$top/cgroup.subtree_control && echo $top
"""
"""Prints the directory of the pids controller: of cgroup v1, or enabled in v2."""

REMEDIES = ("ulimit -n", "ulimit -v", "pids.max")


def check(result: Traced) -> bool:
    """Check that a run worked, or ended with one line with a remedy; return which."""
    if result.status == 0:
        assert result.account.balances()
        return True
    assert result.status == 1, result.stderr
    assert "tracee-ref: " in result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert any(remedy in result.stderr for remedy in REMEDIES), result.stderr
    return False


def checked(kernel: Kernel, scripts: list[str]) -> list[bool]:
    """Return for each script, of which some run at a time, whether it worked."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        results = pool.map(lambda script: run(kernel, ["bash", "-c", script]), scripts)
    return [check(result) for result in results]


def test_exhausted_descriptors(kernel: Kernel) -> None:
    """Too few file descriptors; with three no shell can be started."""
    limits = (4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 19, 20, 21, 22, 24, 26, 28, 30, 64)
    worked = checked(kernel, [f"ulimit -n {limit}; {TRACER} -- true" for limit in limits])
    assert not worked[0]
    assert worked[-1]


def test_exhausted_address_space(kernel: Kernel) -> None:
    """Too little address space (KiB), for the programs and for the buffer."""
    runs = [(limit, f"{TRACER} -- true") for limit in (25_000, 40_000, 50_000, 70_000, 900_000)]
    runs.append((600_000, f"{TRACER} --buffer 512 -- true"))
    worked = checked(kernel, [f"ulimit -v {limit}; {tracer}" for limit, tracer in runs])
    assert worked == [False] * 4 + [True, False]


def test_exhausted_address_space_of_compiler(kernel: Kernel, tmp_path: Path) -> None:
    """Too little address space for the compiler alone."""
    limited = f"ulimit -v 250000; {DIRECTORY}={tmp_path} {TRACER} -- true"
    assert checked(kernel, [limited]) == [False]


def test_exhausted_processes(kernel: Kernel) -> None:
    """Too few processes, also for what a run does at its end."""
    cgroup = f"{pids_controller(kernel)}/tracee-ref-test-{uuid4().hex}"
    limits = (1, 2, 3, 4, 5, 6, 16)
    enter = f"mkdir {cgroup}$n; echo $$ >{cgroup}$n/cgroup.procs; echo $n >{cgroup}$n/pids.max"
    worked = checked(kernel, [f"n={limit}; {enter}; exec {TRACER} -- true" for limit in limits])
    removal = f"sleep 0.3; for n in {' '.join(map(str, limits))}; do rmdir {cgroup}$n; done"
    assert run(kernel, ["sh", "-c", removal]).status == 0
    assert not worked[0]
    assert worked[-1]


def pids_controller(kernel: Kernel) -> str:
    """Return the directory of the pids controller, whose children have a pids.max."""
    found = run(kernel, ["sh", "-c", PIDS]).lines
    if not found:
        skip_on_host(kernel, "no pids controller")
    return found[0]


@pytest.mark.parametrize("directory", ["/proc", "/sys"])
def test_exhausted_file_system(kernel: Kernel, directory: str) -> None:
    """A missing /proc or /sys is named."""
    script = f"umount -l {directory} && exec {TRACER} -- true"
    result = run(kernel, ["unshare", "-m", "bash", "-c", script])
    assert result.status == 1
    assert result.stderr.count("\n") == 1
    assert f"{directory} is not mounted; " in result.stderr


def test_exhausted_cache(kernel: Kernel, tmp_path: Path) -> None:
    """A full disk under the cache of programs, or none that can be written, changes nothing."""
    for options in ("size=4k", "ro"):
        mount = f"mount -t tmpfs -o {options} none {tmp_path} && (: >{tmp_path}/x; true) 2>&-"
        script = f"{mount}; TRACEE_REF_PROGRAMS={tmp_path} exec {TRACER} -- true"
        result = run(kernel, ["unshare", "-m", "bash", "-c", script])
        assert result.status == 0, result.stderr


def test_exhausted_left_cgroup(kernel: Kernel) -> None:
    """The cgroup that a tracer left when SIGKILL ended it is removed by the next run."""
    tracer = f"{TRACEE_REF} -f event=net_packet_icmp -o none --"
    cgroups = "find /sys/fs/cgroup -type d -name 'tracee-ref-[0-9]*-[0-9]*'"
    started = "until grep -q tracing log; do sleep 0.05; done"
    script = f"""cd $(mktemp -d)
{tracer} sh -c 'echo $$ >pid; exec sleep 60' 2>log & {started}; sleep 0.3
kill -9 $!; wait $! 2>&-; {cgroups} | grep -c -- "-$!-"
{tracer} true; {cgroups} | grep -c -- "-$!-"; kill $(cat pid) && echo alive; rm -r $PWD"""
    result = run(kernel, ["sh", "-c", script])
    assert result.lines == ["1", "0", "alive"], result.stderr
