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
`tools/make_kernels_page.py` makes this page.

Stock Debian kernels of these series are booted as guests, x86-64:

{table}

On each of them the same tests run: 18,000 decisions of the matcher and drawn workloads held to the
model, the documented runs, system calls, processes, containers, packets, signatures, and the
verifier's count of each program. A test that skips names what the kernel lacks, and fails where the
kernel's version says that it is there.

What a run needs, and how to find out what a kernel lacks:

| for | needs |
|---|---|
| any run | BTF (`CONFIG_DEBUG_INFO_BTF=y`), BPF ring buffer (Linux 5.8), raw tracepoints |
| events of kernel functions | kprobes (`CONFIG_KPROBE_EVENTS=y`) |
| packets | a mounted cgroup v2 |
| calls at no cost to other calls | fexit (Linux 5.5), and `--no-compat` |

    $ tracee-ref --list

prints what your kernel lacks under "Unavailable here".

Other architectures: `bpf/arch/arm64.h` is compiled and checked against arm64's call numbers and
registers, but was never run on such a machine. A kernel of another series may work: the fields that
the programs read come from the running kernel's BTF, and a missing one is reported by name.
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
