# SPDX-License-Identifier: Apache-2.0
"""Shared objects that a process loads, and their symbols, by scopes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from vmtests.lab.cache import cache_directory
from vmtests.lab.compiled import compiled
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

LIBRARIES = {
    "first": "int of_both(void) { return 1; } int of_first(void) { return 2; }",
    "second": "int of_both(void) { return 3; } int of_second(void) { return 4; }",
}
WORKLOAD = """
import ctypes, json, os
facts = []
for path in {paths}:
    ctypes.CDLL(path)
    status = os.stat(path)
    device = os.major(status.st_dev) << 20 | os.minor(status.st_dev)
    facts.append([path, device, status.st_ino, status.st_ctime_ns])
print("facts", json.dumps(facts))
"""
FLAGS = (
    "-f 1:event=shared_object_loaded -f 2:event=symbols_loaded"
    " -f 2:symbols_loaded.args.symbols=of_both,of_first -f 3:event=symbols_loaded"
    " -f 3:symbols_loaded.args.symbols=of_s* -f 4:event=symbols_loaded"
    " -f 4:symbols_loaded.args.symbols=of_both -f 4:symbols_loaded.args.library_path!={first}"
    " -f 5:event=symbols_collision -f 5:symbols_collision.args.symbols=of_both"
    " -f 6:event=symbols_collision -f 6:symbols_collision.args.symbols=of_both -f 6:comm=nobody"
    " -f 7:event=shared_object_loaded -f 7:shared_object_loaded.args.pathname={second} -o json"
)


@cache
def libraries() -> list[str]:
    """Return the paths of the libraries: a guest has the files of this machine."""
    paths = []
    for name, text in LIBRARIES.items():
        source = cache_directory() / "symbols" / f"{name}.c"
        source.parent.mkdir(exist_ok=True)
        source.write_text(text)
        command = ["gcc", "-shared", "-fPIC", "-nostdlib", str(source)]
        paths.append(str(compiled("symbols", command, text.encode())))
    return paths


@pytest.fixture(scope="session")
def runs() -> dict[str, Traced]:
    return {}


@pytest.fixture
def traced(kernel: Kernel, runs: dict[str, Traced]) -> Traced:
    if kernel.name not in runs:
        first, second = libraries()
        flags = FLAGS.format(first=first, second=second)
        source = WORKLOAD.format(paths=[first, second])
        runs[kernel.name] = trace(kernel, flags, python(source))
    return runs[kernel.name]


def events(traced: Traced, name: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the mask and the arguments of each event of the libraries with a name."""
    found = [(e["matchedScopes"], arguments(e)) for e in traced.events if e["eventName"] == name]
    return [pair for pair in found if any(path in pair[1].values() for path in libraries())]


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_shared_object_loaded(traced: Traced) -> None:
    """An executable mapping of a file is an event, with the facts of the file."""
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    facts = json.loads(line.removeprefix("facts "))
    found = events(traced, "shared_object_loaded")
    assert [(mask, a["pathname"], a["inode"], a["ctime"]) for mask, a in found] == [
        (mask, path, inode, ctime)
        for mask, (path, _, inode, ctime) in zip((1, 1 << 6 | 1), facts, strict=True)
    ]
    assert {a["flags"] & 3 for _, a in found} == {0}
    assert len({a["dev"] for _, a in found}) == 1
    assert traced.account.balances()


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_symbols_loaded_guest(traced: Traced) -> None:
    """Each scope has the libraries that export what it watches."""
    first, second = libraries()
    assert events(traced, "symbols_loaded") == [
        (1 << 1, {"library_path": first, "symbols": ["of_both", "of_first"]}),
        (7 << 1, {"library_path": second, "symbols": ["of_both", "of_second"]}),
    ]


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_symbols_collision_guest(traced: Traced) -> None:
    """The second library collides with the first."""
    first, second = libraries()
    assert events(traced, "symbols_collision") == [
        (1 << 4, {"loaded_path": second, "collision_path": first, "symbols": ["of_both"]})
    ]
