# SPDX-License-Identifier: Apache-2.0
"""Command line of the benchmarks and their report: ``python -m benchmarks``."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from benchmarks.entries import entries
from benchmarks.everywhere import everywhere
from benchmarks.hooks import hooks
from benchmarks.kinds import kinds
from benchmarks.lines import lines
from benchmarks.peers import bcc_tools, peers
from benchmarks.programs import programs
from benchmarks.report import markdown, versions
from benchmarks.stream import checks
from benchmarks.tracer_costs import bursts, events, start

SHORT_ROUNDS: Final = 2
"""Factor of the number of rounds for short measurements."""

MAX_WAIT_SECONDS: Final = 240.0
"""Total time to wait for quiet moments, for each table."""

RATES: Final = (("json", 300_000), ("table", 200_000))


@click.command()
@click.option("--tiny", is_flag=True, help="Run everything once with small counts, as a test.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of each comparison.")
@click.option(
    "--sustained", default=60, show_default=True, help="Seconds of events at a fixed rate."
)
@click.option("--only", multiple=True, help="Measure only this part; may be repeated.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write all figures here."
)
@click.option("--table", type=click.Path(path_type=Path), help="Write the report here.")
def main(
    *,
    tiny: bool,
    rounds: int,
    sustained: int,
    only: tuple[str, ...],
    json_file: Path | None,
    table: Path | None,
) -> None:
    """Measure this tracer, and others next to it, on this machine."""
    if os.geteuid() != 0:
        raise click.ClickException("tracing needs root; run it with sudo")
    rounds, max_wait = (1, 0.0) if tiny else (rounds, MAX_WAIT_SECONDS)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        parts: Mapping[str, Callable[[], Any]] = {
            "hooks": lambda: hooks(
                directory,
                rounds=1 if tiny else SHORT_ROUNDS * rounds,
                count=100 if tiny else 20_000,
                max_wait=max_wait,
                tiny=tiny,
            ),
            "programs": lambda: programs(
                directory,
                rounds=1 if tiny else SHORT_ROUNDS * rounds,
                count=100 if tiny else 5000,
                max_wait=max_wait,
            ),
            "entries": lambda: entries(
                directory,
                rounds=1 if tiny else SHORT_ROUNDS * rounds,
                count=100 if tiny else 20_000,
                max_wait=max_wait,
            ),
            "everywhere": lambda: everywhere(
                directory,
                rounds=1 if tiny else SHORT_ROUNDS * rounds,
                count=100 if tiny else 20_000,
                max_wait=max_wait,
            ),
            "kinds": lambda: kinds(repeat=10 if tiny else 200_000, tiny=tiny),
            "lines": lambda: lines(count=100 if tiny else 50_000),
            "checks": lambda: checks(directory, count=100 if tiny else 1_000_000),
            "start": lambda: start(rounds),
            "events": lambda: sustained_events(directory, tiny, sustained),
            "bursts": lambda: bursts(
                directory, rounds=max(1, rounds - 2), count=1000 if tiny else 1_000_000
            ),
            "peers": lambda: peers(directory, rounds=max(1, rounds - 2), tiny=tiny),
            "bcc_tools": lambda: {} if tiny else bcc_tools(),
        }
        figures: dict[str, Any] = {"machine": machine()}
        for part, measure in parts.items():
            if not only or part in only:
                click.echo(f"measuring: {part}", err=True)
                figures[part] = measure()
    if json_file:
        json_file.write_text(json.dumps(figures, indent=1) + "\n")
    report = markdown(figures)
    if table:
        table.write_text(report)
    click.echo(report, nl=False)


def sustained_events(directory: Path, tiny: bool, seconds: int) -> list[dict[str, object]]:
    """Measure events at the guaranteed rates, and as fast as the workload makes them."""
    rows = []
    for form, rate in RATES:
        count = 1000 if tiny else rate * seconds
        rows.append(events(directory, form, count=count, per_second=rate))
    return [*rows, events(directory, "json", count=1000 if tiny else 2_000_000, per_second=0)]


def machine() -> dict[str, object]:
    """Describe the machine, its load and the versions of the programs."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.machine(),
    )  # fmt: skip
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "versions": versions(),
    }


if __name__ == "__main__":
    main()
