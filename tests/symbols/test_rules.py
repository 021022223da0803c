# SPDX-License-Identifier: Apache-2.0
"""Derivation of symbols events for several scopes, of real libraries."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.symbols.test_elf import built
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.event import TraceEvent
from tracee_ref.filters.parse import parse_filters
from tracee_ref.filters.warnings import filter_warnings
from tracee_ref.symbols.objects import FileId, SharedObject, Symbols, TimedReader
from tracee_ref.symbols.rules import Masked, SymbolRule, symbol_derivations
from tracee_ref.symbols.watched import watches

OWN_MNTNS = Path("/proc/self/ns/mnt").stat().st_ino


class Base:
    """What the rules read of an event."""

    def __init__(self, name: str, mask: int = 7) -> None:
        self.event_name = name
        self.matched_scopes = mask
        self.host_process_id = os.getpid()
        self.mount_namespace = OWN_MNTNS


def values_of(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {"pathname": str(path), "dev": 1, "inode": status.st_ino, "ctime": status.st_ctime_ns}


def derived(rule: SymbolRule, path: Path, name: str = "shared_object_loaded") -> list[Any]:
    base: Any = Base(name)
    found = rule(base, values_of(path))
    return [(values.mask, dict(values)) for values in found if isinstance(values, Masked)]


def rules(*flags: str) -> dict[str, SymbolRule]:
    found = symbol_derivations()
    for rule in found.values():
        rule.watch(parse_filters(flags, load_catalogue()))
    return found


def test_symbols_loaded(tmp_path: Path) -> None:
    """Each scope watches its own symbols; the event has those of all that match."""
    library = built(tmp_path)
    loaded = rules(
        "1:event=symbols_loaded", "1:symbols_loaded.args.symbols=doubled,nothing",
        "2:event=symbols_loaded", "2:symbols_loaded.args.symbols=we*,calls",
        "2:symbols_loaded.args.symbols!=calls", "3:event=symbols_loaded",
        "3:symbols_loaded.args.symbols=elsewhere,hidden", "4:event=symbols_loaded",
    )["symbols_loaded"]  # fmt: skip
    found = {"library_path": str(library), "symbols": ["doubled", "weakly"]}
    assert derived(loaded, library) == [(3, found)]


def test_symbols_loaded_left_out(tmp_path: Path) -> None:
    """library_path!= is the beginning of a path, or of a name in the usual directories."""
    library = built(tmp_path)
    flags = ("event=symbols_loaded", "symbols_loaded.args.symbols=doubled")
    left_out = rules(*flags, f"symbols_loaded.args.library_path!={tmp_path}/lib")
    assert derived(left_out["symbols_loaded"], library) == []
    (watch,) = watches(
        parse_filters((*flags, "symbols_loaded.args.library_path!=libc,/opt/"), load_catalogue()),
        "symbols_loaded",
    )
    for path in ("/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libcap.so", "/opt/x/libx.so"):
        assert watch.ignores(path), path
    for path in ("/usr/lib/x86_64-linux-gnu/libm.so.6", "/home/libc.so.6", "/home/opt/x.so"):
        assert not watch.ignores(path), path


def test_symbols_collision(tmp_path: Path) -> None:
    """A new object collides with each one of its process, until an exec."""
    first, second = built(tmp_path), built(tmp_path, "-Wl,--hash-style=sysv")
    collision = rules(
        "1:event=symbols_collision", "2:event=symbols_collision",
        "2:symbols_collision.args.symbols=weakly,calls", "2:symbols_collision.args.symbols!=calls",
        "3:event=symbols_collision", "3:symbols_collision.args.symbols=nothing",
    )["symbols_collision"]  # fmt: skip
    assert derived(collision, first) == []
    both = {"loaded_path": str(second), "collision_path": str(first)}
    names = ["calls", "doubled", "shared", "weakly"]
    assert derived(collision, second) == [(3, {**both, "symbols": names})]
    assert derived(collision, second) == []  # it was there
    third = built(tmp_path, "-Wl,--hash-style=both", "-O1")
    derived(collision, first, "sched_process_exec")
    assert derived(collision, third) == []


def test_symbols_unread(tmp_path: Path) -> None:
    """A file that another one replaced, a link, or a FIFO is not read, and counted."""
    library = built(tmp_path)
    status = library.stat()
    identity = FileId(1, status.st_ino, status.st_ctime_ns)
    object_ = SharedObject(identity, str(library), os.getpid(), OWN_MNTNS)
    other = Symbols()
    assert other.of(object_._replace(id=identity._replace(ctime=5))) == frozenset()
    link, fifo = tmp_path / "link", tmp_path / "fifo"
    link.symlink_to(library)
    os.mkfifo(fifo)
    assert other.of(object_._replace(path=str(link), id=identity._replace(inode=5))) == frozenset()
    assert other.of(object_._replace(path=str(fifo), id=identity._replace(inode=6))) == frozenset()
    assert other.of(object_._replace(mntns=5, id=identity._replace(inode=7))) == frozenset()
    assert other.summary().startswith("symbols of 4 shared objects could not be read, such as")
    assert other.of(object_) != frozenset()


def test_symbols_timed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not answer is not asked again until it does; others go on."""
    monkeypatch.setattr("tracee_ref.symbols.objects.READ_SECONDS", 0.05)
    reader, (ours, other) = TimedReader(), os.pipe()

    def stuck() -> frozenset[str]:
        return frozenset({str(os.read(ours, 1))})

    for _ in range(3):
        with pytest.raises(TimeoutError):
            reader.read(1, stuck)
    assert reader.read(2, lambda: frozenset({"name"})) == {"name"}
    os.write(other, b"x")
    deadline = time.monotonic() + 5
    while True:
        try:
            assert reader.read(1, frozenset) == frozenset()
            break
        except TimeoutError:
            assert time.monotonic() < deadline


def test_symbols_unwatched() -> None:
    """A scope that watches no symbol is warned of."""
    scopes = parse_filters(["event=symbols_loaded"], load_catalogue())
    assert [*filter_warnings(scopes, load_catalogue())] == [
        "scope 1: symbols_loaded has no events without symbols_loaded.args.symbols=, what to watch"
    ]


def test_symbols_base_is_event() -> None:
    """The tests' base has the attributes of an event."""
    assert {*vars(Base(""))} <= {*TraceEvent.__struct_fields__}
