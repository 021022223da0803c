# SPDX-License-Identifier: Apache-2.0
"""Report of a run: the tests on each kernel, and whether it agreed with the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class KernelResult:
    """The row of a kernel; ``skipped`` has the reason of each skipped test."""

    kernel: str
    release: str = ""
    boot_seconds: float = 0.0
    decisions: int = 0
    plans: int = 0
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    lost: str = ""
    verified: Mapping[str, int] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """``agreed``, ``disagreed`` or ``lost``."""
        if self.lost:
            return "lost"
        return "disagreed" if self.failed else "agreed"


HEADER = (
    f"{'KERNEL':<7} {'RELEASE':<24} {'BOOT':>7} {'DECISIONS':>9} {'PLANS':>5} {'TESTS':>5} RESULT"
)


def report_lines(rows: Iterable[KernelResult]) -> list[str]:
    """Return the table, followed by the reasons of skipped and failed tests and lost kernels."""
    rows = list(rows)
    lines = [HEADER, *map(_line, rows)]
    for row in rows:
        lines += [f"{row.kernel}: skipped {test}: {why}" for test, why in row.skipped.items()]
        lines += [f"{row.kernel}: disagreed in {test}" for test in row.failed]
        if row.lost:
            lines.append(f"{row.kernel}: lost: {row.lost}")
    return lines + verified_lines(rows)


def verified_lines(rows: list[KernelResult]) -> list[str]:
    """Return the number of verified instructions: a line per program, a column per kernel."""
    columns = [row for row in rows if row.verified]
    programs = list(dict.fromkeys(name for row in columns for name in row.verified))
    head = "".join(f"{row.kernel:>8}" for row in columns)
    lines = [f"{'INSTRUCTIONS VERIFIED':<24}{head}"] if columns else []
    for name in programs:
        lines.append(f"{name:<24}" + "".join(f"{row.verified.get(name, 0):>8}" for row in columns))
    return lines


def write_json(rows: Iterable[KernelResult], path: Path) -> None:
    """Write the rows and their results as JSON."""
    data = [asdict(row) | {"result": row.result} for row in rows]
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _line(row: KernelResult) -> str:
    return (
        f"{row.kernel:<7} {row.release:<24} {row.boot_seconds:>5.1f} s {row.decisions:>9}"
        f" {row.plans:>5} {row.passed:>5} {row.result}"
    )
