# SPDX-License-Identifier: Apache-2.0
"""Writer of events/data/i386.json: number of an i386 system call -> event id.

Usage: ``python tools/make_i386_table.py [asm/unistd_32.h]`` (package linux-libc-dev).
The i386 table gives old names to old interfaces: there ``chown`` takes 16-bit ids and
``chown32`` is what x86-64 calls ``chown``; the same with ``_time32`` and ``_time64``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

DATA = Path(__file__).parents[1] / "tracee_ref" / "events" / "data"
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_32.h")

RENAMED = {
    "_llseek": "llseek",
    "_newselect": "select",
    "_sysctl": "sysctl",
    "fstatat64": "newfstatat",
    "getrlimit": "old_getrlimit",
    "select": "old_select",
    "ugetrlimit": "getrlimit",
}
OLD_INTERFACE = ("16", "32", "_time32")
NEW_INTERFACE = ("_time64", "64", "32")


def candidates(name: str) -> list[str]:
    """Return the event names that an i386 name may stand for, the likeliest first."""
    older = [name + suffix for suffix in OLD_INTERFACE]
    newer = [name.removesuffix(suffix) for suffix in NEW_INTERFACE if name.endswith(suffix)]
    return [RENAMED.get(name, ""), *older, name, *newer]


def table(header: str, ids: dict[str, int]) -> dict[int, int]:
    """Return number -> event id for every call of the header that the catalogue knows."""
    found: dict[int, int] = {}
    for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", header):
        known = [ids[candidate] for candidate in candidates(name) if candidate in ids]
        if known:
            found[int(number)] = known[0]
    return found


def main(header: Path) -> None:
    """Write the data file."""
    rows = json.loads((DATA / "events.json").read_text(encoding="utf-8"))
    ids = {name: number for number, name, syscall, *_ in rows if syscall}
    found = table(header.read_text(encoding="utf-8"), ids)
    text = json.dumps({str(number): found[number] for number in sorted(found)}, indent=0)
    (DATA / "i386.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HEADER)
