# SPDX-License-Identifier: Apache-2.0
"""The figures as tables."""

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
    """Return the version of each program that is here."""
    found = {}
    for name, argv in VERSIONS.items():
        if shutil.which(argv[0]):
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            version = re.search(r"\d[\w.+~-]*", done.stdout)
            found[name] = version[0] if version else "?"
    return found


def markdown(figures: Mapping[str, Any]) -> str:
    """Return the report of all parts that were measured."""
    lines = ["# Measurements", "", *preface(figures["machine"])]
    for part, render in PARTS.items():
        if part in figures:
            lines += ["", *render(figures[part])]
    return "\n".join(lines) + "\n"


def preface(machine: Mapping[str, Any]) -> list[str]:
    """Return where and how it was measured."""
    programs = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return [
        "Made by `make bench`. Compare figures within one table only: they were taken in turn,",
        "round by round, on the same machine. Where other work shares a machine the smallest was",
        "least disturbed; the median and the largest tell how much the others were.",
        "",
        f"- {machine['processors']} processors, {machine['processor']}; Linux {machine['kernel']};"
        f" load {machine['load']:.1f} before",
        f"- {programs}",
    ]


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    line = "| " + " | ".join(headers) + " |"
    rule = "|" + "|".join("---" for _ in headers) + "|"
    return [line, rule, *("| " + " | ".join(map(cell, row)) + " |" for row in rows)]


def cell(value: object) -> str:
    """Return a value with as many digits as mean something."""
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
    """What a call pays."""
    cells = [(r["setting"], r["added"], r["ns"], r["median"], r["most"], r["quiet"]) for r in rows]
    headers = ("`getppid` under", "added", "smallest", "median", "largest", "undisturbed rounds")
    return [
        "## What a system call pays (ns)",
        "",
        "Of the undisturbed rounds, when just before the loop without a tracer was as quick as",
        "ever; of the disturbed ones, if a setting had no other.",
        "",
        *table(headers, cells),
    ]


def programs_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a program takes."""
    cells = [(r["setting"], r["beyond"], r["ns"], r["median"], r["quiet"]) for r in rows]
    headers = ("program", "beyond the empty one", "smallest", "median", "undisturbed rounds")
    return [
        "## What the program on the hook takes for a call, by the kernel's own count (ns)",
        "",
        "The counting itself is in it, which is nearly all of the empty program.",
        "",
        *table(headers, cells),
    ]


def kinds_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a kind of filter costs."""
    cells = [(r["kind"], r["added"], r["ns"], r["verified"]) for r in rows]
    headers = ("kind of filter, in 64 scopes", "added ns", "ns", "instructions verified")
    return ["## What each kind of filter costs in the matcher", "", *table(headers, cells)]


def lines_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Records to lines, in one process."""
    cells = [(r["format"], r["quick"], 1e6 / r["quick"], r["long"]) for r in rows]
    headers = ("to", "CPU us a line", "lines a second", "us the long way")
    return ["## Records to lines, in one process", "", *table(headers, cells)]


def start_table(row: Mapping[str, Any]) -> list[str]:
    """Start-up and memory."""
    headers = ("exec to tracing, s", "smallest", "largest", "resident MiB", "of it own", "of files")
    names = ("seconds", "least", "most", "rss", "anonymous", "file")
    return ["## Start", "", *table(headers, [[float(row[name]) for name in names]])]


def events_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Events to lines."""
    names = (
        "format", "per_second", "seen", "delivered", "lost", "seconds", "cpu_us_an_event",
        "rss_first", "rss_last",
    )  # fmt: skip
    headers = (
        "to", "made a second", "seen", "shown", "lost", "s", "CPU us an event, all told",
        "MiB after a quarter", "at the end",
    )  # fmt: skip
    text = "Events with two texts; the CPU time holds the start and the calls themselves."
    return [
        "## Events to lines",
        "",
        text,
        "",
        *table(headers, [[r[n] for n in names] for r in rows]),
    ]


def checks_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The oracle on a file."""
    cells = [[r[name] for name in ("scopes", "events", "seconds", "cpu_s")] for r in rows]
    headers = ("scopes ask for", "events", "s", "CPU s")
    return ["## `scope-oracle check` of a file", "", *table(headers, cells)]


def peers_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Whole tracers."""
    headers = (
        "work", "tracer", "takes", "", "ratio", "smallest", "largest", "CPU of tracer, s",
        "shown", "lost", "of the loop",
    )  # fmt: skip
    names = (
        "work", "tracer", "took", "unit", "ratio", "least", "most", "tracer_cpu_s", "shown",
        "lost", "expected",
    )  # fmt: skip
    cells = [[r[name] for name in names] for r in rows]
    return ["## Tracers on the same work", "", *table(headers, cells)]


def bcc_lines(found: Mapping[str, str]) -> list[str]:
    """BCC's own tools."""
    return [f"- `{name}`: {reason or 'runs here'}" for name, reason in found.items()]


PARTS: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "hooks": hooks_table,
    "programs": programs_table,
    "kinds": kinds_table,
    "lines": lines_table,
    "checks": checks_table,
    "start": start_table,
    "events": events_table,
    "peers": peers_table,
    "bcc_tools": bcc_lines,
}
