# SPDX-License-Identifier: Apache-2.0
"""Comparison of tracers on the same work: times, CPU of the tracer, events.

All trace one syscall of the work and no other process: they trace their child, or the user id under
which only the work runs.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.loop import compiled

UID: Final = 64_987
"""User id of the work; no other process has it."""

TRACEE_REF: Final = str(Path(sys.executable).parent / "tracee-ref")
TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True)
class Work:
    """A command and the syscall of it that is traced.

    ``loop`` is the call that the loop makes, if the command is the loop; one in ``every`` calls of
    it is the traced one.  Other works have 0.
    """

    name: str
    call: str
    command: Sequence[str]
    loop: str = ""
    every: int = 0

    @property
    def unit(self) -> str:
        """Unit of the time of the work."""
        return "ns a call" if self.loop else "ms"


EMPTY_WORK: Final = Work("nothing", "openat", ("true",))


@dataclass(frozen=True)
class Tracer:
    """A tracer; OUT, CALL and UID in ``argv`` are replaced for each run."""

    name: str
    argv: Sequence[str]
    event_text: str
    """String that is in the output once for each event; CALL is replaced."""

    waits: bool = True
    """Whether it waits for its child, so that its processor time includes the child's."""

    stops: bool = False
    """Whether it stops the process at each call; the loop is shorter then."""

    lost: str = ""
    """Regular expression of the number of lost events, in the output or on stderr."""


BPFTRACE: Final = (
    "tracepoint:syscalls:sys_exit_CALL /uid == UID/"
    ' { printf("CALL %d %s %d\\n", pid, comm, args->ret); }'
)
LOST_BY_TRACEE_REF: Final = r"lost (\d+);"

TRACERS: Final = (
    Tracer("none", (), ""),
    Tracer(
        "tracee-ref",
        (TRACEE_REF, "-f", "event=CALL", "-o", "json:OUT", "--"),
        '"eventName":"CALL"',
        lost=LOST_BY_TRACEE_REF,
    ),
    Tracer(
        "tracee-ref --no-compat",
        (TRACEE_REF, "--no-compat", "-f", "event=CALL", "-o", "json:OUT", "--"),
        '"eventName":"CALL"',
        lost=LOST_BY_TRACEE_REF,
    ),
    Tracer(
        "bpftrace",
        ("bpftrace", "-o", "OUT", "-e", BPFTRACE, "-c"),
        "CALL ",
        lost=r"Lost (\d+) events",
        waits=False,
    ),
    Tracer(
        "perf trace",
        ("perf", "trace", "-o", "OUT", "-e", "CALL", "--"),
        "CALL(",
        lost=r"LOST (\d+)",
        waits=False,
    ),
    Tracer(
        "strace -f --seccomp-bpf",
        ("strace", "-f", "--seccomp-bpf", "-e", "trace=CALL", "-o", "OUT"),
        "CALL(",
    ),
    Tracer("strace -f", ("strace", "-f", "-e", "trace=CALL", "-o", "OUT"), "CALL(", stops=True),
)  # fmt: skip
BCC_TOOLS: Final = (("opensnoop-bpfcc", "-p"), ("execsnoop-bpfcc", "-P"), ("syscount-bpfcc", "-p"))
"""Each with its option for a process id (execsnoop: of the parent)."""


@dataclass(frozen=True)
class Figure:
    """One run: time of the work in its unit, processor time of the tracer in s, events."""

    took: float
    tracer: float
    events: int
    lost: int | None


class Bench:
    """Runs works under tracers, in a directory of its own."""

    def __init__(self, directory: Path, *, tiny: bool) -> None:
        self._directory = directory
        self._tiny = tiny
        directory.chmod(0o777)
        self._programs = {
            name: str(compiled(name, directory)) for name in ("calls", "timed", "storm")
        }
        self._sources()

    def _sources(self) -> None:
        """Write a small C project and a script that compiles it."""
        count = 2 if self._tiny else 24
        for number in range(count):
            source = f'#include <stdio.h>\nint f{number}(void) {{ return puts("x"); }}\n'
            (self._directory / f"f{number}.c").write_text(source)
        each = "for f in f*.c; do gcc -O1 -c -o /dev/null $f || exit 1; done"
        (self._directory / "build.sh").write_text(f"cd {self._directory} && {each}\n")

    def works(self) -> list[Work]:
        storm = 5 if self._tiny else 500
        loops = ("sh", str(self._directory / "loop.sh"))
        return [
            Work("loop, nothing matches", "openat", loops, "getppid"),
            Work("loop, 1 % matches", "access", loops, "hundredth", 100),
            Work("loop, all match", "access", loops, "access", 1),
            Work("compile", "openat", ("sh", str(self._directory / "build.sh"))),
            Work("fork/exec storm", "execve", (self._programs["storm"], str(storm))),
        ]

    def run(self, work: Work, tracer: Tracer) -> Figure:
        """Run the work once; raise CalledProcessError if it fails."""
        out, times = self._directory / "out", self._directory / "times"
        out.unlink(missing_ok=True)
        (self._directory / "loop.sh").write_text(
            f"echo {work.loop} {self._loop(tracer)} | {self._programs['calls']}\n"
        )
        as_user = ["/usr/bin/setpriv", f"--reuid={UID}", "--clear-groups"]
        command = [*as_user, self._programs["timed"], str(times), *work.command]
        before = used()
        argv = self._argv(tracer, work, out, command)
        done = subprocess.run(
            argv, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS
        )
        total = used() - before
        took, microseconds = map(int, times.read_text().split())
        times.unlink()
        loop = re.search(r"^\d+\.\d+$", done.stdout, re.MULTILINE)
        text = out.read_text(errors="replace") if out.exists() else ""
        lost = re.findall(tracer.lost, done.stderr + text) if tracer.lost else ["0"]
        return Figure(
            took=float(loop[0]) if work.loop and loop else took / 1e6,
            tracer=max(0.0, total - tracer.waits * microseconds / 1e6) if tracer.argv else 0.0,
            events=text.count(tracer.event_text.replace("CALL", work.call)) if tracer.argv else 0,
            lost=sum(map(int, lost)),
        )

    def _loop(self, tracer: Tracer) -> str:
        return "100 1" if self._tiny else "2000 5" if tracer.stops else "40000 5"

    def expected(self, work: Work, tracer: Tracer) -> int | None:
        """Return the number of events of the loop; None for other work."""
        calls, chunks = map(int, self._loop(tracer).split())
        return calls * chunks // work.every if work.every else None

    @staticmethod
    def _argv(tracer: Tracer, work: Work, out: Path, command: Sequence[str]) -> list[str]:
        replaced = {"OUT": str(out), "CALL": work.call, "UID": str(UID)}
        argv = [re.sub("OUT|CALL|UID", lambda m: replaced[m[0]], part) for part in tracer.argv]
        return [*argv, " ".join(command)] if tracer.name == "bpftrace" else [*argv, *command]


def used() -> float:
    """Return the processor time of all children that have exited, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def error_line(error: subprocess.CalledProcessError) -> str:
    """Return the last line of stderr with "error" in it, or the last line, or the exit status."""
    lines = (error.stderr or "").strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"exit status {error.returncode}"])[-1]


def runs_here(bench: Bench, tracer: Tracer) -> bool:
    """Return whether a tracer runs on this machine; print the reason to stderr if not."""
    if tracer.argv and not shutil.which(tracer.argv[0]):
        reason = "not installed"
    else:
        try:
            bench.run(EMPTY_WORK, tracer)
        except subprocess.CalledProcessError as error:
            reason = error_line(error)
        else:
            return True
    print(f"left out: {tracer.name}: {reason}", file=sys.stderr)
    return False


def peers(directory: Path, *, rounds: int, tiny: bool) -> list[dict[str, object]]:
    """Return a row for each work and tracer; rounds are interleaved."""
    bench = Bench(directory, tiny=tiny)
    here = [tracer for tracer in TRACERS if runs_here(bench, tracer)]
    rows: list[dict[str, object]] = []
    for work in bench.works()[:: 4 if tiny else 1]:
        figures: dict[str, list[Figure]] = {tracer.name: [] for tracer in here}
        for _ in range(rounds):
            for tracer in here:
                figures[tracer.name].append(bench.run(work, tracer))
        base = median(figure.took for figure in figures["none"])
        for tracer in here:
            took = [figure.took for figure in figures[tracer.name]]
            rows.append(
                {
                    "work": work.name,
                    "tracer": tracer.name,
                    "unit": work.unit,
                    "took": median(took),
                    "least": min(took),
                    "most": max(took),
                    "ratio": median(took) / base,
                    "tracer_cpu_s": median(figure.tracer for figure in figures[tracer.name]),
                    "shown": median(figure.events for figure in figures[tracer.name]),
                    "lost": median(figure.lost or 0 for figure in figures[tracer.name]),
                    "expected": bench.expected(work, tracer) if tracer.argv else None,
                }
            )
    return rows


def bcc_tools() -> dict[str, str]:
    """Return the reason why each of BCC's tools does not run here; empty if it does."""
    with subprocess.Popen(["sleep", "60"]) as target:
        found = {name: _why_not([name, option, str(target.pid)]) for name, option in BCC_TOOLS}
        target.terminate()
    return found


def _why_not(argv: Sequence[str]) -> str:
    if not shutil.which(argv[0]):
        return "not installed"
    done = subprocess.run(
        ["timeout", "-s", "INT", "5", *argv], capture_output=True, text=True, check=False
    )
    return "does not compile without kernel headers" if "Failed to compile" in done.stderr else ""
