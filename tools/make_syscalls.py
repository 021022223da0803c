# SPDX-License-Identifier: Apache-2.0
"""Writer of syscalls.json and structures.json, asking the newest kernel.

Usage: ``.venv/bin/python tools/make_syscalls.py``.  A guest answers.  syscalls.json has the
syscalls that Tracee v0.12 does not know, one a line: id, name, sets, arguments as [type, name].
The numbers come from the kernel's table, the arguments from tracefs.  structures.json has the
structures that syscalls are given, from BTF: [name, offset, size, signed] of each member, in bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tracee_ref.events.catalogue import FIRST_NEW_CALL, ONLY_32BIT, Row, data_file
from tracee_ref.events.structures import GIVEN_STRUCTURES
from vmtests.lab.ensemble import Ensemble
from vmtests.lab.kernels import SUITES

DATA: Final = Path(__file__).parents[1] / "tracee_ref" / "events" / "data"

SETS: Final = {
    name: ("syscalls", *sets.split())
    for sets, names in {
        "ipc ipc_futex": "futex_waitv futex_wake futex_wait futex_requeue",
        "system system_numa": "set_mempolicy_home_node",
        "fs fs_info": "cachestat statmount listmount",
        "default fs fs_file_attr": "fchmodat2",
        "fs fs_file_attr": (
            "setxattrat getxattrat listxattrat removexattrat file_getattr file_setattr"
        ),
        "fs": "open_tree_attr",
        "proc": "uretprobe uprobe rseq_slice_yield listns",
        "proc proc_mem": "map_shadow_stack mseal",
        "system": "lsm_get_self_attr lsm_set_self_attr lsm_list_modules",
    }.items()
    for name in names.split()
}
"""Sets of the new syscalls: those of the older syscalls that are like them."""


def rows(numbers: Mapping[int, str], arguments: Mapping[str, Any]) -> list[list[Any]]:
    """Return a row for each syscall that Tracee v0.12 lacks; KeyError for one without sets.

    A syscall without arguments may have none in tracefs.
    """
    known = [Row(*fields) for fields in json.loads(data_file("events.json"))]
    ids = {row.id for row in known if row.syscall and ONLY_32BIT not in row.sets}
    return [
        [FIRST_NEW_CALL + number, name, SETS[name], arguments.get(name, [])]
        for number, name in sorted(numbers.items())
        if number not in ids
    ]


def lines(items: Sequence[Any]) -> str:
    """Return a JSON array with an item on each line."""
    return "[\n" + ",\n".join(json.dumps(i, separators=(",", ":")) for i in items) + "\n]\n"


def main() -> int:
    """Ask the newest kernel of the matrix, and write both files."""
    newest = list(SUITES)[-1]
    structures = {given.structure for given in GIVEN_STRUCTURES.values()}
    with Ensemble([newest]) as ensemble:

        def ask(request: str, **arguments: Any) -> Any:
            (answer,) = ensemble.ask(f"syscall_table.{request}", arguments, seconds=120).values()
            return answer

        numbers = {int(number): name for number, name in ask("numbers").items()}
        found = rows(numbers, ask("syscalls"))
        layouts = ask("structures", names=sorted(structures))
    (DATA / "syscalls.json").write_text(lines(found), encoding="utf-8")
    (DATA / "structures.json").write_text(lines(sorted(layouts.items())), encoding="utf-8")
    print(f"{len(found)} syscalls, {len(layouts)} structures of Linux {newest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
