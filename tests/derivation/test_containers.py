# SPDX-License-Identifier: Apache-2.0
"""Tests of the container events, which derive from cgroup events, and of runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.output.samples import exit_with
from tracee_ref.containers.cgroups import containers_below
from tracee_ref.containers.runtimes import Runtimes
from tracee_ref.derivation import containers

ID = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def hierarchy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "own_hierarchy_number", lambda: 3)


def cgroup(path: str | None, number: int = 3) -> dict[str, Any]:
    return {"cgroup_id": 7, "cgroup_path": path, "hierarchy_id": number}


def test_container_events_one_hierarchy() -> None:
    """Only the cgroup of one hierarchy has the events of a container."""
    event = exit_with(timestamp=5)
    (created,) = containers.derive_create(event, cgroup(f"/a/docker-{ID}.scope"))
    assert (created["runtime"], created["container_id"], created["ctime"]) == ("docker", ID, 5)
    (removed,) = containers.derive_remove(event, cgroup(f"/a/crio-{ID}"))
    assert removed == {"runtime": "crio", "container_id": ID}
    for others in (cgroup(f"/a/docker-{ID}.scope", 0), cgroup(None), cgroup("/a"),
                   cgroup(f"/{ID}/below")):  # fmt: skip
        assert not [
            *containers.derive_create(event, others),
            *containers.derive_remove(event, others),
        ]


@pytest.mark.parametrize(
    ("path", "runtime"),
    [
        (f"/docker/{ID}", "docker"),
        (f"/system.slice/docker-{ID}.scope", "docker"),
        (f"/kubepods/pod1/cri-containerd-{ID}", "containerd"),
        (f"/machine.slice/libpod-{ID}.scope", "podman"),
        (f"/pods/crio-{ID}.scope", "crio"),
        (f"/{ID}", "unknown"),
        (f"/docker/below/{ID}", "unknown"),
    ],
)
def test_runtime_of_cgroup(tmp_path: Path, path: str, runtime: str) -> None:
    """The cgroup path names the runtime."""
    assert Runtimes(tmp_path).runtime(ID, path) == runtime


@pytest.mark.parametrize(
    ("directory", "runtime"),
    [
        ("var/lib/docker/containers", "docker"),
        ("run/containerd/io.containerd.runtime.v2.task/k8s.io", "containerd"),
        ("var/lib/containers/storage/overlay-containers", "podman"),
        ("run/runc", "runc"),
        ("run/crun", "crun"),
    ],
)
def test_runtime_of_files(tmp_path: Path, directory: str, runtime: str) -> None:
    """Else the runtime is the one that has a directory of the container."""
    (tmp_path / directory / ID).mkdir(parents=True)
    assert Runtimes(tmp_path).runtime(ID, f"/a/{ID}") == runtime
    assert Runtimes(tmp_path).runtime(ID[::-1], f"/a/{ID[::-1]}") == "unknown"


def test_runtime_calls_another(tmp_path: Path) -> None:
    """Docker is found before containerd, which it calls, and runc, which that calls."""
    for directory in ("run/runc", "run/containerd/io.containerd.runtime.v2.task/moby",
                  "var/lib/docker/containers"):  # fmt: skip
        (tmp_path / directory / ID).mkdir(parents=True)
    assert Runtimes(tmp_path).runtime(ID, f"/a/{ID}") == "docker"


def test_containers_below_nested(tmp_path: Path) -> None:
    """A container in another container is found."""
    inner = tmp_path / "a" / f"docker-{ID}.scope" / "b" / ID
    inner.mkdir(parents=True)
    assert sorted(containers_below(tmp_path)) == [inner.parents[1], inner]
