# SPDX-License-Identifier: Apache-2.0
"""Tests of container descriptions from the files of runtimes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.containers import runtimes
from tracee_ref.containers.json_files import FILE_BYTES, json_at, object_in, objects_in, strings_at
from tracee_ref.containers.runtimes import NO_DESCRIPTION, Description, Runtimes, annotated

ID = "0123456789abcdef" * 4
STORAGE = "var/lib/containers/storage/overlay-containers"
TASKS = "run/containerd/io.containerd.runtime.v2.task"
CRI = "io.kubernetes.cri."
CRIO = "io.kubernetes.cri-o."


def put(root: Path, name: str, value: object) -> None:
    """Write a file as a runtime does: a string unchanged, any other value as JSON."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))


def describe(root: Path) -> Description:
    return Runtimes(root).describe(ID)


def test_docker(tmp_path: Path) -> None:
    config = {"Image": "nginx:1.25", "Labels": {"a": "b"}, "Hostname": "0123456789ab"}
    value = {"ID": ID, "Name": "/web", "Image": "sha256:77", "Config": config}
    put(tmp_path, f"var/lib/docker/containers/{ID}/config.v2.json", value)
    assert describe(tmp_path) == Description("web", "nginx:1.25")


def test_docker_under_kubernetes(tmp_path: Path) -> None:
    labels = {
        "io.kubernetes.container.name": "POD",
        "io.kubernetes.docker.type": "podsandbox",
        "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": "3d2c",
    }
    value = {"Name": "/k8s_POD_web-0", "Config": {"Image": "pause:3.9", "Labels": labels}}
    put(tmp_path, f"var/lib/docker/containers/{ID}/config.v2.json", value)
    assert describe(tmp_path) == Description("POD", "pause:3.9", "web-0", "shop", "3d2c", True)


@pytest.mark.parametrize("kind", ["container", "sandbox"])
def test_containerd_under_kubernetes(tmp_path: Path, kind: str) -> None:
    annotations = {
        f"{CRI}container-type": kind,
        f"{CRI}container-name": "app",
        f"{CRI}image-name": "ghcr.io/a/b:1",
        f"{CRI}sandbox-id": "9" * 64,
        f"{CRI}sandbox-name": "web-0",
        f"{CRI}sandbox-namespace": "shop",
        f"{CRI}sandbox-uid": "3d2c",
    }
    put(tmp_path, f"{TASKS}/moby/{'e' * 64}/config.json", {})
    value = {"ociVersion": "1.1.0", "annotations": annotations}
    put(tmp_path, f"{TASKS}/k8s.io/{ID}/config.json", value)
    sandbox = kind == "sandbox"
    expected = Description("app", "ghcr.io/a/b:1", "web-0", "shop", "3d2c", sandbox)
    assert describe(tmp_path) == expected


def test_crio(tmp_path: Path) -> None:
    annotations = {
        f"{CRIO}ContainerType": "container",
        f"{CRIO}ContainerName": "k8s_app_web-0_shop_3d2c_0",
        f"{CRIO}ImageName": "quay.io/a/b:2",
        f"{CRIO}KubeName": "web-0",
        f"{CRIO}Namespace": "shop",
        "io.kubernetes.container.name": "app",
        "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": "3d2c",
    }
    put(tmp_path, f"{STORAGE}/{ID}/userdata/config.json", {"annotations": annotations})
    assert describe(tmp_path) == Description("app", "quay.io/a/b:2", "web-0", "shop", "3d2c")


@pytest.mark.parametrize("name", ["containers.json", "volatile-containers.json"])
def test_podman(tmp_path: Path, name: str) -> None:
    details = {"image-name": "docker.io/library/alpine:3.17", "name": "happy_bell", "layer": "7"}
    others = {"id": "e" * 64, "names": ["other"], "metadata": "{}"}
    entry = {"id": ID, "names": ["fallback"], "image": "77", "metadata": json.dumps(details)}
    put(tmp_path, f"{STORAGE}/{name}", [others, entry])
    annotations = {"org.opencontainers.image.stopSignal": "15"}
    put(tmp_path, f"{STORAGE}/{ID}/userdata/config.json", {"annotations": annotations})
    assert describe(tmp_path) == Description("happy_bell", "docker.io/library/alpine:3.17")


def test_podman_name_of_list(tmp_path: Path) -> None:
    put(tmp_path, f"{STORAGE}/containers.json", [{"id": ID, "names": ["a", "b"]}])
    assert describe(tmp_path) == Description("a")


def test_runc(tmp_path: Path) -> None:
    labels = [f"{CRI}image-name=a:1", "bundle=/x", f"{CRI}container-name=b=c"]
    put(tmp_path, f"run/runc/{ID}/state.json", {"id": ID, "config": {"labels": labels}})
    assert describe(tmp_path) == Description("b=c", "a:1")


def test_crun(tmp_path: Path) -> None:
    put(tmp_path, f"run/crun/{ID}/status", {"pid": 5, "bundle": "/srv/bundle"})
    put(tmp_path, "srv/bundle/config.json", {"annotations": {f"{CRI}image-name": "a:1"}})
    assert describe(tmp_path) == Description(image="a:1")


def test_describe_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A description is cached; an unknown container is read again after a time."""
    early = Runtimes(tmp_path)
    assert early.describe(ID) == NO_DESCRIPTION
    file = f"var/lib/docker/containers/{ID}/config.v2.json"
    put(tmp_path, file, {"Name": "/late"})
    assert early.describe(ID) == NO_DESCRIPTION  # not read again for each event
    monkeypatch.setattr(runtimes, "FIRST_RETRY_SECONDS", -1)
    later = Runtimes(tmp_path)
    assert later.describe(ID) == Description("late")
    (tmp_path / file).unlink()
    assert later.describe(ID) == Description("late")


@pytest.mark.parametrize(
    "content",
    ["", "[", "5", "null", "[5]", '{"Config": 5, "Name": []}', '{"annotations": [1]}', "\x00",
     '{"Config": {"Labels": 7}}', '{"bundle": 5}', '[{"id": 5}]', "[" * 100_000],
)  # fmt: skip
def test_describe_malformed_files(tmp_path: Path, content: str) -> None:
    """Malformed files give no description."""
    for name in (
        f"var/lib/docker/containers/{ID}/config.v2.json",
        f"{TASKS}/k8s.io/{ID}/config.json",
        f"{STORAGE}/{ID}/userdata/config.json",
        f"{STORAGE}/containers.json",
        f"run/runc/{ID}/state.json",
        f"run/crun/{ID}/status",
    ):
        put(tmp_path, name, content)
    assert describe(tmp_path) == NO_DESCRIPTION


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(json_values)
def test_annotated_any_json(value: object) -> None:
    """Any JSON gives a description."""
    found = json_at({"text": json.dumps(value)}, "text")
    assert found == (value if isinstance(value, dict) else {})
    assert isinstance(annotated(found), Description)


def test_json_missing(tmp_path: Path) -> None:
    """Missing files and members are empty."""
    assert (object_in(tmp_path / "none"), objects_in(tmp_path / "none")) == ({}, [])
    assert (object_in(tmp_path), objects_in(tmp_path)) == ({}, [])
    assert strings_at({"a": ["b", 5, "c"], "d": "e"}, "a") == ["b", "c"]
    assert strings_at({"d": "e"}, "d") == []


FILES = (
    f"var/lib/docker/containers/{ID}/config.v2.json",
    f"{TASKS}/k8s.io/{ID}/config.json",
    f"{STORAGE}/{ID}/userdata/config.json",
    f"{STORAGE}/containers.json",
    f"run/runc/{ID}/state.json",
    f"run/crun/{ID}/status",
)
VALID = '{"Name": "/web", "Config": {"Image": "a"}, "annotations": {"nerdctl/name": "web"}}'


def fail_late(*_: object) -> None:
    raise AssertionError("the file was still being read after 5 s")


def sparse(file: Path) -> None:
    """Write a file that begins well and has a terabyte of NUL characters."""
    file.write_text(VALID)
    os.truncate(file, 1 << 40)


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        lambda file: file.symlink_to("/dev/zero"),
        lambda file: file.symlink_to("/dev/stdin"),
        lambda file: file.symlink_to(file),
        lambda file: file.mkdir(),
        sparse,
        lambda file: file.write_text(VALID + " " * FILE_BYTES),
    ],
    ids=["fifo", "device", "terminal", "loop", "directory", "sparse", "large"],
)
@pytest.mark.parametrize("name", FILES)
def test_describe_no_regular_file(
    tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    """What could block or never end is not opened, or not read."""
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    make(file)
    signal.signal(signal.SIGALRM, fail_late)
    signal.alarm(5)
    assert describe(tmp_path) == NO_DESCRIPTION
    signal.alarm(0)


def test_describe_long_strings(tmp_path: Path) -> None:
    """Strings are cut: they are printed with each event of the container."""
    put(tmp_path, FILES[0], {"Name": "/" + "n" * 100_000, "Config": {"Image": "i" * 100_000}})
    found = describe(tmp_path)
    assert (len(found.name), len(found.image)) == (1023, 1024)


def test_describe_limit(tmp_path: Path) -> None:
    """The cache has a limit; the containers used last remain."""
    cache = Runtimes(tmp_path, limit=3)
    ids = [f"{number:064x}" for number in range(10)]
    for id_ in ids:
        put(tmp_path, f"var/lib/docker/containers/{id_}/config.v2.json", {"Name": f"/{id_}"})
        assert cache.describe(ids[0]).name == ids[0]
        assert cache.describe(id_).name == id_
        assert len(cache._entries) <= 3
    assert {*cache._entries} == {ids[0], ids[8], ids[9]}


def test_describe_delay_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a container that nobody describes are read ever less often."""
    reads: list[str] = []

    def read(_root: Path, container: str) -> Description:
        reads.append(container)
        return NO_DESCRIPTION

    monkeypatch.setattr(runtimes, "READERS", (read,))
    cache = Runtimes(tmp_path)
    times = []
    for second in range(1, 400):
        monkeypatch.setattr(time, "monotonic", lambda now=second: now)
        before = len(reads)
        cache.describe(ID)
        times += [second] * (len(reads) - before)
    assert times[:8] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert times[8:] == [192, 256, 320, 384]


def test_describe_list_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is parsed again when it has changed, and not for each container."""
    monkeypatch.setattr(runtimes, "FIRST_RETRY_SECONDS", -1)
    cache = Runtimes(tmp_path)
    put(tmp_path, FILES[3], [{"id": "a" * 64, "names": ["first"]}])
    assert cache.describe(ID) == NO_DESCRIPTION
    put(tmp_path, FILES[3], [{"id": ID, "names": ["web"]}])
    assert cache.describe(ID) == Description("web")
