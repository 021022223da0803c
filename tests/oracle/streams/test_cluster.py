# SPDX-License-Identifier: Apache-2.0
"""Tests of ``scope-oracle check`` of several hosts on a Dask cluster."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

from tests.oracle_command import Ran, oracle
from tests.traced_events import traced, written

RIGHT, WRONG = traced("openat", 3), traced("openat", 1)
HOSTS = {
    "a.json": [RIGHT] * 3,
    "b.json": [RIGHT, WRONG, WRONG, WRONG, WRONG],
    "c.json": [traced("openat", 3, processName="\ufffd"), RIGHT],
    "d.json": [WRONG, {"lost": 2}],
}
FLAGS = ("1:event=openat", "2:event=openat", "2:uid=0", "3:event=openat", "3:comm=cat")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster that somebody else started."""
    local: Any = distributed.LocalCluster
    with local(n_workers=2, threads_per_worker=1, dashboard_address=":0") as running:
        yield running.scheduler_address


@pytest.fixture
def hosts(tmp_path: Path) -> list[str]:
    return [str(written(tmp_path / name, events)) for name, events in HOSTS.items()]


def check(hosts: list[str], *options: str) -> Ran:
    return oracle("check", *options, "--show", "3", "--scopes", *FLAGS, "--", *hosts)


def test_dask_existing_cluster(hosts: list[str], cluster: str) -> None:
    """A cluster gives the verdict of one process."""
    for form in ((), ("--json",)):
        here, there = check(hosts, *form), check(hosts, *form, "--dask", cluster)
        assert here == there
        assert here.status == 1
    assert json.loads(check(hosts, "--json").out)["found"]["wrong mask"] == 5
    assert check(hosts[:1], "--dask", cluster) == check(hosts[:1])


def test_dask_errors(hosts: list[str], cluster: str, tmp_path: Path) -> None:
    lacking = [*hosts, str(tmp_path / "e.json")]
    assert check(lacking, "--dask", cluster) == check(lacking)
    ran = check(["-"], "--dask", cluster)
    assert (ran.status, ran.out) == (2, "")
    assert "give files" in ran.err


def test_dask_local_cluster(hosts: list[str]) -> None:
    here, there = check(hosts), check(hosts, "--dask", "")
    assert here == there


def test_dask_no_scheduler(hosts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracee_ref.oracle.streams.cluster.CONNECT_SECONDS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    ran = check(hosts, "--dask", address)
    assert (ran.status, ran.out) == (3, "")
    assert address in ran.err
    assert ran.err.count("\n") == 1


def test_dask_not_installed(hosts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = check(hosts, "--dask", "")
    assert ran.status == 3
    assert "pip install 'tracee-ref[dask]'" in ran.err
