# SPDX-License-Identifier: Apache-2.0
"""Costs of the tracer itself: start-up time, memory, and CPU time for each event."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.loop import compiled
from benchmarks.peers import TRACEE_REF, used

OUTPUT_LOST: Final = 125
"""Exit status of the tracer when an output lacks lines."""

BURST_BUFFERS_MIB: Final = (1, 8, 32, 128, 512)

SAMPLE_SECONDS: Final = 0.5

STATUS: Final = {"rss": "VmRSS", "anonymous": "RssAnon", "file": "RssFile"}
"""Fields of /proc/PID/status, in KiB."""


def memory(pid: int) -> dict[str, float]:
    """Return the resident memory of a process, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = {name: re.search(rf"{field}:\s+(\d+)", text) for name, field in STATUS.items()}
    return {name: int(match[1]) / 1024 for name, match in found.items() if match}


def start(rounds: int) -> dict[str, object]:
    """Return the time from exec to "tracing" in s, and the resident memory then in MiB."""
    argv = [TRACEE_REF, "-f", "event=openat", "-f", "comm=nobody", "-o", "json:/dev/null"]
    took, resident = [], {}
    for _ in range(rounds):
        start = time.perf_counter()
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr
            assert "tracing" in tracer.stderr.readline()
            took.append(time.perf_counter() - start)
            resident = memory(tracer.pid)
            tracer.terminate()
    return {"seconds": median(took), "least": min(took), "most": max(took), **resident}


def events(directory: Path, form: str, *, count: int, per_second: int) -> dict[str, object]:
    """Trace ``count`` syscalls with two strings at a rate; return counts, times and memory.

    At a rate of 0 the loop makes them as fast as it can.
    """
    calls = compiled("calls", directory)
    argv = [TRACEE_REF, "-f", "event=renameat2", "-f", "comm=calls", "-o", f"{form}:/dev/null"]
    if per_second == 0:
        argv += ["--buffer", "1024"]
    request = f"renameat {count} {-per_second if per_second else 1}"
    before, start = used(), time.perf_counter()
    command = ["sh", "-c", f"echo {request} | {calls}"]
    stderr, resident = sampled([*argv, "--", *command])
    seconds, cpu = time.perf_counter() - start, used() - before
    found = re.search(r"seen (\d+) .* lost (\d+);.*= delivered (\d+)", stderr)
    assert found, stderr
    seen, lost, delivered = map(int, found.groups())
    return {
        "format": form,
        "per_second": per_second or "as fast as possible",
        "seen": seen,
        "lost": lost,
        "delivered": delivered,
        "seconds": seconds,
        "cpu_us_an_event": 1e6 * cpu / max(1, delivered),
        "rss_first": resident[len(resident) // 4],
        "rss_last": resident[-1],
    }


def bursts(directory: Path, *, rounds: int, count: int) -> list[dict[str, object]]:
    """Measure how many events of a burst are lost, by the size of the ring buffer.

    One process makes ``count`` syscalls with two strings as fast as it can; the events are written
    as JSON to a file.
    """
    calls, output = compiled("calls", directory), directory / "burst.json"
    command = ["sh", "-c", f"echo renameat {count} 1 | {calls}"]
    lost_of: dict[int, list[int]] = {mib: [] for mib in BURST_BUFFERS_MIB}
    for _ in range(rounds):
        for mib, losses in lost_of.items():
            argv = [TRACEE_REF, "-f", "event=renameat2", "-f", "comm=calls"]
            argv += ["--buffer", str(mib), "-o", f"json:{output}", "--", *command]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            found = re.search(r"seen (\d+) .* lost (\d+);.*= delivered (\d+)", done.stderr)
            assert found, done.stderr
            seen, lost, delivered = map(int, found.groups())
            assert seen == count == lost + delivered, done.stderr
            unwritten = re.search(r"(\d+) of \d+ lines lost", done.stderr)
            assert bool(unwritten) == (done.returncode == OUTPUT_LOST), done.stderr
            losses.append(lost + (int(unwritten[1]) if unwritten else 0))
    output.unlink()
    return [
        {
            "buffer_mib": mib,
            "events": count,
            "lost": int(median(losses)),
            "least": min(losses),
            "most": max(losses),
        }
        for mib, losses in lost_of.items()
    ]


def sampled(argv: list[str]) -> tuple[str, list[float]]:
    """Run a tracer; return its stderr, and samples of its resident memory in MiB."""
    resident = []
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        while tracer.poll() is None:
            resident.append(memory(tracer.pid).get("rss", 0.0))
            time.sleep(SAMPLE_SECONDS)
        return tracer.stderr.read(), [mib for mib in resident if mib]
