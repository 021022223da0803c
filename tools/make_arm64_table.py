# SPDX-License-Identifier: Apache-2.0
"""Writer of events/data/arm64.json: number of an arm64 system call -> event id.

Usage: ``python tools/make_arm64_table.py [asm-generic/unistd.h]`` (package linux-libc-dev).
arm64 has the numbers of the generic table, with the parts that its own header asks for
(arch/arm64/include/uapi/asm/unistd.h of the kernel); the preprocessor sorts them out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[1] / "tracee_ref" / "events" / "data"
HEADER = Path("/usr/include/asm-generic/unistd.h")
WANTED = ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3", "MEMFD_SECRET")
"""What that header defines of ``__ARCH_WANT_...``."""

NO_CALLS = {"syscalls", "arch_specific_syscall"}
"""How many there are, and where numbers of an architecture's own begin."""


def numbers(header: Path) -> dict[int, str]:
    """Return number -> name for every call of the header."""
    flags = [f"-D__ARCH_WANT_{name}" for name in WANTED]
    run = ["gcc", "-E", "-dM", "-D__BITS_PER_LONG=64", *flags, "-x", "c", str(header)]
    text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = dict(re.findall(r"#define (__NR\w+) (\w+)", text))
    calls = {
        name.removeprefix("__NR_"): found.get(value, value)
        for name, value in found.items()
        if name.startswith("__NR_")
    }
    return {int(value): name for name, value in calls.items() if name not in NO_CALLS}


def table(header: Path, ids: dict[str, int]) -> dict[int, int]:
    """Return number -> event id for every call of the header that the catalogue knows."""
    return {number: ids[name] for number, name in numbers(header).items() if name in ids}


def main(header: Path) -> None:
    """Write the data file."""
    rows = json.loads((DATA / "events.json").read_text(encoding="utf-8"))
    ids = {name: number for number, name, syscall, *_ in rows if syscall}
    found = table(header, ids)
    text = json.dumps({str(number): found[number] for number in sorted(found)}, indent=0)
    (DATA / "arm64.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HEADER)
