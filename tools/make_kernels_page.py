# SPDX-License-Identifier: Apache-2.0
"""Generator of docs/reference/kernels.md: the tested kernel series and their runs.

Usage: ``python tools/make_kernels_page.py``.  The series come from the kernel store, the runs from
tox.ini; tests/vmtests/test_kernels_page.py holds the page up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path
from typing import Final

from vmtests.lab.kernels import SUITES, series_of

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "kernels.md"
RUNS: Final = {"each change (CI)": "testenv:guest", "full run (`make vm`)": "testenv:vm"}
"""The runs that test kernels, and their sections in tox.ini."""

TEXT: Final = """\
# Kernels

For operators who want to know whether their kernel is supported, and for maintainers of the matrix.
Guests boot stock Debian kernels of these series, x86-64:

{table}

All of them run the same tests. These compare 18,000 masks and the events of random workloads with
the model, and cover the documented runs, system calls, processes, containers, packets, signatures,
and the verifier's instruction count of each program. A test that is skipped names the feature that
the kernel does not have; it fails if kernels of that version have it.

    $ tracee-ref --list

prints the events that your kernel does not support under "Unavailable here". Requirements:

| for | needs |
|---|---|
| any run | BTF (`CONFIG_DEBUG_INFO_BTF=y`), BPF ring buffer (Linux 5.8), raw tracepoints |
| events of kernel functions | kprobes (`CONFIG_KPROBE_EVENTS=y`) |
| packets | a mounted cgroup v2 |
| system calls without overhead for other calls | fexit (Linux 5.5), and `--no-compat` |

Other architectures: `bpf/arch/arm64.h` is compiled and checked against arm64's syscall numbers and
registers, but was never run. Kernels of other series may work: field offsets come
from the running kernel's BTF, and a missing field is reported by name.

`tools/make_kernels_page.py` generates this page.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page."""
    tested = {run: series_in(section) for run, section in RUNS.items()}
    head = ["series", "Debian suite", *tested]
    rows = [head, ["---"] * len(head)]
    rows += [row(series, suites, tested) for series, suites in SUITES.items()]
    return TEXT.format(table="\n".join(f"| {' | '.join(cells)} |" for cells in rows))


def row(series: str, suites: tuple[str, ...], tested: Mapping[str, set[str]]) -> list[str]:
    """Return the cells of a series."""
    name = series if "." in series else f"{series}.x"
    return [name, ", ".join(suites), *("yes" if series in of else "" for of in tested.values())]


def series_in(section: str) -> set[str]:
    """Return the series that a tox environment names after ``--kernels``."""
    parser = RawConfigParser()
    parser.read(ROOT / "tox.ini", encoding="utf-8")
    words = parser[section]["commands"].split()
    names = words[words.index("--kernels") + 1].split(",")
    return {series_of(name) for name in names if name != "host"}


if __name__ == "__main__":
    main()
