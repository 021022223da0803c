# SPDX-License-Identifier: Apache-2.0
"""Report of the figures as Markdown tables."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

VERSIONS: Final = {
    "bpftrace": ("bpftrace", "--version"),
    "strace": ("strace", "--version"),
    "perf": ("perf", "--version"),
    "python": ("python3", "--version"),
    "bcc": ("dpkg-query", "-W", "-f", "${Version}", "python3-bpfcc"),
}


def versions() -> dict[str, str]:
    """Return the version of each installed program."""
    found = {}
    for name, argv in VERSIONS.items():
        if shutil.which(argv[0]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            version = re.search(r"\d[\w.+~-]*", done.stdout)
            found[name] = version[0] if version else "?"
    return found


def markdown(figures: Mapping[str, Any]) -> str:
    lines = ["# Benchmarks", "", *preface(figures["machine"])]
    for part, render in PARTS.items():
        if part in figures:
            lines += ["", *render(figures[part])]
    return "\n".join(lines) + "\n"


def preface(machine: Mapping[str, Any]) -> list[str]:
    """Return the lines about the machine and the method."""
    programs = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return [
        "For people who compare tracers, or change the hot path. [Overhead](overhead.md) has a",
        "summary. `make bench` writes this page. Compare figures within one table only: its",
        "settings alternate, round by round, on one machine. On a shared machine the smallest",
        "figure is the least disturbed one; the median and the largest show how much the others",
        "were.",
        "",
        f"- {machine['processors']} processors, {machine['processor']}; Linux {machine['kernel']};"
        f" load {machine['load']:.1f} at the start",
        f"- {programs}",
    ]


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    line = "| " + " | ".join(headers) + " |"
    rule = "|" + "|".join("---" for _ in headers) + "|"
    return [line, rule, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)]


def cell(value: object) -> str:
    """Return a value with its significant digits."""
    if isinstance(value, float):
        return (
            f"{value:,.0f}"
            if abs(value) >= 100
            else f"{value:.1f}"
            if abs(value) >= 10
            else f"{value:.2f}"
        )
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def hooks_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [(r["setting"], r["added"], r["ns"], r["median"], r["most"], r["quiet"]) for r in rows]
    headers = ("`getppid` under", "added", "smallest", "median", "largest", "undisturbed rounds")
    return [
        "## Tracing overhead of a syscall (ns)",
        "",
        "A round is undisturbed if the loop without a tracer, just before it, takes its usual",
        "time. A setting without undisturbed rounds has the figures of the disturbed ones.",
        "",
        *table(headers, cells),
    ]


def programs_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [(r["setting"], r["beyond"], r["ns"], r["median"], r["quiet"]) for r in rows]
    headers = ("program", "above the empty one", "smallest", "median", "undisturbed rounds")
    return [
        "## Run time of the BPF program of a syscall (ns)",
        "",
        "From the kernel's statistics (`BPF_ENABLE_STATS`). They include the counting itself,",
        "which is nearly all of the time of the empty program.",
        "",
        *table(headers, cells),
    ]


def entries_table(by_call: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    lines = [
        "## Arguments read at the entry of a syscall (ns)",
        "",
        "`getppid` is a call that nobody selected, `renameat2` one with two strings. Figures are",
        "those of undisturbed rounds, as above.",
    ]
    return [*lines, *tables_by_call(by_call)]


def everywhere_table(by_call: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    lines = [
        "## sys_enter, sys_exit and sched_switch (ns)",
        "",
        "`switches` are two task switches, between processes that write to each other's pipe.",
    ]
    return [*lines, *tables_by_call(by_call)]


def tables_by_call(by_call: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    lines: list[str] = []
    for call, rows in by_call.items():
        headers = (f"`{call}` under", "smallest", "median", "largest", "undisturbed rounds")
        cells = [(r["setting"], r["ns"], r["median"], r["most"], r["quiet"]) for r in rows]
        lines += ["", *table(headers, cells)]
    return lines


def kinds_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [(r["kind"], r["added"], r["ns"], r["verified"]) for r in rows]
    headers = ("kind of filter, in 64 scopes", "added ns", "ns", "instructions verified")
    return ["## Cost of each kind of filter in the matcher", "", *table(headers, cells)]


def lines_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [(r["format"], r["quick"], 1e6 / r["quick"], r["long"]) for r in rows]
    headers = ("format", "CPU us/line", "lines/s", "us/line without the fast path")
    return ["## Records to lines, in one process", "", *table(headers, cells)]


def start_table(row: Mapping[str, Any]) -> list[str]:
    headers = ("exec to tracing, s", "smallest", "largest", "resident MiB", "anonymous", "file")
    names = ("seconds", "least", "most", "rss", "anonymous", "file")
    return ["## Start", "", *table(headers, [[float(row[name]) for name in names]])]


def events_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = (
        "format", "per_second", "seen", "delivered", "lost", "seconds", "cpu_us_an_event",
        "rss_first", "rss_last",
    )  # fmt: skip
    headers = (
        "format", "events/s", "seen", "delivered", "lost", "s", "CPU us/event, in all",
        "MiB after a quarter", "MiB at the end",
    )  # fmt: skip
    text = "Events with two strings; the CPU time includes the start and the syscalls themselves."
    return [
        "## Events to lines",
        "",
        text,
        "",
        *table(headers, [[r[n] for n in names] for r in rows]),
    ]


def bursts_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = ("buffer_mib", "events", "lost", "least", "most")
    headers = ("`--buffer`, MiB", "events of the burst", "lost, median", "smallest", "largest")
    return [
        "## Lost events of a burst",
        "",
        "Events with two strings, as fast as one process can make them, as JSON to a file.",
        "",
        *table(headers, [[r[n] for n in names] for r in rows]),
    ]


def checks_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [[r[name] for name in ("scopes", "events", "seconds", "cpu_s")] for r in rows]
    headers = ("filters in use", "events", "s", "CPU s")
    return ["## `scope-oracle check` of a file", "", *table(headers, cells)]


def peers_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    headers = (
        "work", "tracer", "time", "unit", "ratio", "smallest", "largest", "CPU of tracer, s",
        "events", "lost", "expected",
    )  # fmt: skip
    names = (
        "work", "tracer", "took", "unit", "ratio", "least", "most", "tracer_cpu_s", "shown",
        "lost", "expected",
    )  # fmt: skip
    cells = [[r[name] for name in names] for r in rows]
    return ["## Tracers on the same work", "", *table(headers, cells)]


def bcc_lines(found: Mapping[str, str]) -> list[str]:
    return [f"- `{name}`: {reason or 'runs here'}" for name, reason in found.items()]


PARTS: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "hooks": hooks_table,
    "programs": programs_table,
    "entries": entries_table,
    "everywhere": everywhere_table,
    "kinds": kinds_table,
    "lines": lines_table,
    "checks": checks_table,
    "start": start_table,
    "events": events_table,
    "bursts": bursts_table,
    "peers": peers_table,
    "bcc_tools": bcc_lines,
}
