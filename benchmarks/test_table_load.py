# SPDX-License-Identifier: Apache-2.0
"""Time to parse filters and compile their tables: 64 scopes with 100 values each.

The goal is less than a second for both.  Times are processor times.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any, Final

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.tables import compile_tables
from tracee_ref.tables.fields import compile_fields

SCOPES: Final = range(1, 65)
VALUES: Final = 100

FORMS: Final[dict[str, Callable[[int, int], str]]] = {
    "nothing": lambda _scope, _i: "",
    "uid": lambda scope, i: str(1000 * scope + 3 * i),
    "pid": lambda scope, i: str(1000 * scope + 3 * i),
    "comm": lambda scope, i: f"n{scope}-{i}",
    "uts": lambda scope, i: f"*h{scope}-{i}*",
    "mntns": lambda scope, i: str(1000 * scope + i),
    "binary": lambda scope, i: f"/usr/bin/n{scope}-{i}",
    "tree": lambda scope, i: str(1000 * scope + i),
    "container": lambda scope, i: f"{1000 * scope + i:012x}",
    "openat.args.pathname": lambda scope, i: f"/{scope}/{i}/{'*' * (i % 2)}",
}
"""The baseline, ``nothing``, parses the same scopes without filters."""


def flags_of(name: str) -> list[str]:
    flags = [f"{scope}:event=openat" for scope in SCOPES]
    if name != "nothing":
        for scope in SCOPES:
            values = ",".join(FORMS[name](scope, i) for i in range(VALUES))
            flags.append(f"{scope}:{name}{'=' if scope % 2 else '!='}{values}")
    return flags


def load(flags: list[str]) -> None:
    scopes = parse_filters(flags, load_catalogue())
    compile_tables(scopes)
    compile_fields(scopes)


@pytest.mark.benchmark(group="tables", timer=process_time)
@pytest.mark.parametrize("name", FORMS)
def test_tables_load(benchmark: Any, name: str) -> None:
    benchmark.pedantic(load, (flags_of(name),), rounds=5, warmup_rounds=1)
