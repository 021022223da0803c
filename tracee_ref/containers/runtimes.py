# SPDX-License-Identifier: Apache-2.0
"""Descriptions of containers (name, image, pod) from the files of their runtimes.

Each runtime has its own directories; missing and malformed files give empty descriptions.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from .json_files import (
    Json,
    json_at,
    object_at,
    object_in,
    objects_in,
    signature,
    string_at,
    strings_at,
)


@dataclass(frozen=True, slots=True)
class Description:
    """Description of a container; unknown strings are empty."""

    name: str = ""
    image: str = ""
    pod_name: str = ""
    pod_namespace: str = ""
    pod_uid: str = ""
    pod_sandbox: bool = False


NO_DESCRIPTION: Final = Description()

ANNOTATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        "io.kubernetes.cri.container-name",
        "io.kubernetes.container.name",
        "io.kubernetes.cri-o.ContainerName",
        "nerdctl/name",
    ),
    "image": (
        "io.kubernetes.cri.image-name",
        "io.kubernetes.cri.podsandbox.image-name",
        "io.kubernetes.cri-o.ImageName",
        "io.kubernetes.cri-o.Image",
    ),
    "pod_name": (
        "io.kubernetes.cri.sandbox-name",
        "io.kubernetes.pod.name",
        "io.kubernetes.cri-o.KubeName",
    ),
    "pod_namespace": (
        "io.kubernetes.cri.sandbox-namespace",
        "io.kubernetes.pod.namespace",
        "io.kubernetes.cri-o.Namespace",
    ),
    "pod_uid": ("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"),
}
"""Annotations of containerd and CRI-O in an OCI config.json, the preferred one first."""

CONTAINER_TYPES: Final = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")
"""Annotations that are ``sandbox`` for the pause container of a pod."""

RUNTIMES: Final[Mapping[str, str]] = {
    "docker": "docker",
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
    "crio": "crio",
    "libpod": "podman",
    "libpod-payload": "podman",
}
"""Runtimes by their names in those of cgroups."""

DIRECTORIES: Final = (
    ("docker", "var/lib/docker/containers"),
    ("containerd", "run/containerd/io.containerd.runtime.v2.task/*"),
    ("podman", "var/lib/containers/storage/overlay-containers"),
    ("runc", "run/runc"),
    ("crun", "run/crun"),
)
"""Runtimes and the parents of their container directories.

A runtime precedes those that it calls: docker has directories in containerd and runc as well."""

DATA_DIRECTORIES: Final = (
    "/var/lib/docker", "/run/containerd", "/var/lib/containers", "/run/runc", "/run/crun",
)  # fmt: skip
"""Directories of runtimes that only root may read, where they exist."""

UNKNOWN: Final = "unknown"

FIRST_RETRY_SECONDS: Final = 1.0
LAST_RETRY_SECONDS: Final = 64.0
"""Times until the files of an unknown container are read again, which double: some files appear
after the container starts, others never."""

CACHED_CONTAINERS: Final = 16384
"""Limit of the cache, as of the map of containers in the kernel."""

NAMESPACES_MAX: Final = 256
"""Namespaces of containerd in which a container is looked for."""


class Entry(NamedTuple):
    """A cached description; one that is empty is read again at ``retry_time`` (monotonic, s)."""

    description: Description
    retry_time: float
    delay: float


class Runtimes:
    """Cached descriptions of containers, from the files below a root directory."""

    def __init__(self, root: Path = Path("/"), limit: int = CACHED_CONTAINERS) -> None:
        self._root = root
        self._limit = limit
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def describe(self, container: str) -> Description:
        """Return the description of a container id; cached if it is not empty."""
        entry = self._entries.get(container)
        if entry is None or (
            entry.description == NO_DESCRIPTION and time.monotonic() >= entry.retry_time
        ):
            entry = self._entries[container] = self._read(container, entry)
            if len(self._entries) > self._limit:
                self._entries.popitem(last=False)
        self._entries.move_to_end(container)
        return entry.description

    def runtime(self, container: str, cgroup: str) -> str:
        """Return the runtime of a container, by its cgroup path or else by its directories."""
        parent, name = cgroup.rstrip("/").split("/")[-2:]
        for written, runtime in RUNTIMES.items():
            if name.startswith(f"{written}-") or f":{written}:" in name or parent == written:
                return runtime
        runtimes = (
            runtime
            for runtime, directory in DIRECTORIES
            if any(self._root.glob(f"{directory}/{container}"))
        )
        return next(runtimes, UNKNOWN)

    def _read(self, container: str, before: Entry | None) -> Entry:
        delay = min(2 * before.delay, LAST_RETRY_SECONDS) if before else FIRST_RETRY_SECONDS
        found = merged(read(self._root, container) for read in READERS)
        return Entry(found, time.monotonic() + delay, delay)


def merged(descriptions: Iterable[Description]) -> Description:
    """Return a description with each field from the first that has it."""
    sources = list(descriptions)
    names = [field.name for field in fields(Description)]
    found = {name: next(filter(None, (getattr(s, name) for s in sources)), None) for name in names}
    return Description(**{name: value for name, value in found.items() if value})


def docker(root: Path, container: str) -> Description:
    """Read docker's own file, which has kubelet's labels if dockershim made the container."""
    state = object_in(root / "var/lib/docker/containers" / container / "config.v2.json")
    config = object_at(state, "Config")
    labels = object_at(config, "Labels")
    sandbox = string_at(labels, "io.kubernetes.docker.type") == "podsandbox"
    image = Description(image=string_at(config, "Image"), pod_sandbox=sandbox)
    return merged(
        [image, annotated(labels), Description(name=string_at(state, "Name").lstrip("/"))]
    )


def containerd(root: Path, container: str) -> Description:
    """Read the bundle of containerd's task, in any of its namespaces."""
    tasks = root / "run/containerd/io.containerd.runtime.v2.task"
    return merged(bundle(namespace / container) for namespace in _entries(tasks))


def storage(root: Path, container: str) -> Description:
    """Read the bundle and the container lists of podman and CRI-O."""
    directory = root / "var/lib/containers/storage/overlay-containers"
    lists = ("containers.json", "volatile-containers.json")
    descriptions = [listed(directory / name, container) for name in lists]
    return merged([bundle(directory / container / "userdata"), *descriptions])


def runc(root: Path, container: str) -> Description:
    """Read runc's state, with the annotations as KEY=VALUE labels."""
    state = object_in(root / "run/runc" / container / "state.json")
    labels = (label.partition("=") for label in strings_at(object_at(state, "config"), "labels"))
    return annotated({key: value for key, _, value in labels})


def crun(root: Path, container: str) -> Description:
    """Read the bundle that crun's state names."""
    path = string_at(object_in(root / "run/crun" / container / "status"), "bundle")
    return bundle(root / path.lstrip("/")) if path else NO_DESCRIPTION


READERS: Final[tuple[Callable[[Path, str], Description], ...]] = (
    docker, containerd, storage, runc, crun,
)  # fmt: skip


def annotated(annotations: Json) -> Description:
    """Return the description in the annotations of a container."""
    found: dict[str, Any] = {
        field: next(filter(None, (string_at(annotations, key) for key in keys)), "")
        for field, keys in ANNOTATIONS.items()
    }
    sandbox = any(string_at(annotations, key) == "sandbox" for key in CONTAINER_TYPES)
    return Description(**found, pod_sandbox=sandbox)


def bundle(directory: Path) -> Description:
    """Return the description in the OCI config.json of a bundle."""
    return annotated(object_at(object_in(directory / "config.json"), "annotations"))


def listed(file: Path, container: str) -> Description:
    """Return the description in a list of containers/storage."""
    return _descriptions(file, signature(file)).get(container, NO_DESCRIPTION)


@lru_cache(maxsize=4)
def _descriptions(file: Path, _signature: tuple[int, ...]) -> Mapping[str, Description]:
    """Return the descriptions in a list by container id; read again if its signature changes."""
    return {string_at(entry, "id"): _listed_description(entry) for entry in objects_in(file)}


def _listed_description(entry: Json) -> Description:
    """Return the description of a container, whose details are JSON in a string."""
    details = json_at(entry, "metadata")
    name = string_at(details, "name") or next(iter(strings_at(entry, "names")), "")
    return Description(name=name, image=string_at(details, "image-name"))


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(islice(directory.iterdir(), NAMESPACES_MAX))
    except OSError:
        return []
