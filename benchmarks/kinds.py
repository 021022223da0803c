# SPDX-License-Identifier: Apache-2.0
"""Cost of each kind of filter: time of the matcher, and verified instructions.

The matcher runs by itself (BPF_PROG_TEST_RUN with repeat), compiled with one kind of filter; the
baseline is the same program without filters.
"""

from __future__ import annotations

import ctypes
from typing import Final

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.attach.features import types
from tracee_ref.kernel.maps.filter_maps import defines
from tracee_ref.model.facts import Process
from tracee_ref.model.scope import Binary, Scope
from tracee_ref.tables import compile_tables
from vmtests.decision_program import DecisionProgram, question, run_program
from vmtests.verifier import verified

EVENT: Final = load_catalogue()["openat"].id
PROCESS: Final = Process(
    pid=77,
    tid=78,
    uid=1000,
    comm=b"cat",
    uts=b"host",
    mntns=5,
    pidns=6,
    binary=Binary(b"/bin/cat", 5),
)
ROUNDS: Final = 5

FILTER_KINDS: Final = {
    "none": (),
    "uid": ("uid=1,2,3",),
    "uid, 4096 values": (f"uid={','.join(map(str, range(0, 8192, 2)))}",),
    "uid, < and >": ("uid>1", "uid<3"),
    "pid": ("pid=1,2,3",),
    "pid, < and >": ("pid>1", "pid<3"),
    "comm": ("comm=a,b,c",),
    "comm, 4096 values": (f"comm={','.join(f'n{i}' for i in range(4096))}",),
    "comm, patterns": ("comm=a*,*b,*c*",),
    "uts": ("uts=a,b,c",),
    "mntns": ("mntns=1,2,3",),
    "pidns": ("pidns=1,2,3",),
    "container": ("container",),
    "tree": ("tree=1,2,3",),
    "follow": ("follow", "uid=1"),
}


def scopes_of(filters: tuple[str, ...]) -> tuple[Scope, ...]:
    """Return 64 scopes with the same filters."""
    flags = [f"{n}:{f}" for n in range(1, 65) for f in ("event=openat", *filters)]
    return tuple(parse_filters(flags, load_catalogue()))


def kinds(*, repeat: int, tiny: bool) -> list[dict[str, object]]:
    """Return a row for each kind, or (tiny) for every fourth."""
    chosen = [*FILTER_KINDS.items()][:: 4 if tiny else 1]
    rows = [kind(name, filters, repeat) for name, filters in chosen]
    base = rows[0]
    return [{**row, "added": float(row["ns"]) - float(base["ns"])} for row in rows]  # type: ignore[arg-type]


def kind(name: str, filters: tuple[str, ...], repeat: int) -> dict[str, object]:
    """Measure the matcher with one kind of filter in 64 scopes."""
    tables = compile_tables(scopes_of(filters))
    sizes = defines(tables)
    program = DecisionProgram(sizes, types())
    try:
        program.fill(tables, dict.fromkeys(tables.select, EVENT))
        data = question(EVENT, PROCESS, with_binary="USE_BINARY" in sizes)
        buffer = ctypes.create_string_buffer(data, len(data))
        took = min(run_program(program.function, buffer, repeat)[1] for _ in range(ROUNDS))
        return {
            "kind": name,
            "ns": took,
            "verified": verified(program.program, "decide", "SCHED_CLS"),
        }
    finally:
        program.close()
