# SPDX-License-Identifier: Apache-2.0
"""What container runtimes leave in files about a container: its name, its image, its pod.

Files are looked for where each runtime keeps them; what is not there, or not as expected, is
simply not known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from .json_files import Json, object_in, objects_in, parsed, part, text, texts


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a container; texts are empty where nothing is."""

    name: str = ""
    image: str = ""
    pod_name: str = ""
    pod_namespace: str = ""
    pod_uid: str = ""
    pod_sandbox: bool = False


NOTHING: Final = Description()

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
"""Annotations of an OCI config.json by containerd and by CRI-O, the better one first."""

KINDS: Final = ("io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType")


BY_PREFIX: Final = (
    ("docker-", "docker"),
    ("cri-containerd-", "containerd"),
    ("crio-", "crio"),
    ("libpod-", "podman"),
)
"""Runtimes by how the names of their cgroups begin."""

PLACES: Final = (
    ("docker", "var/lib/docker/containers"),
    ("containerd", "run/containerd/io.containerd.runtime.v2.task/*"),
    ("podman", "var/lib/containers/storage/overlay-containers"),
    ("runc", "run/runc"),
    ("crun", "run/crun"),
)
"""Where runtimes keep a directory for each container, those that use others before these."""

UNKNOWN: Final = "unknown"

AGAIN_SECONDS: Final = 1.0
"""After this an unknown container is looked for again: some files come after its start."""


class Runtimes:
    """Looks into the files of all runtimes, below a root directory."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._known: dict[str, Description] = {}
        self._unknown: dict[str, float] = {}

    def describe(self, container: str) -> Description:
        """Return what is known of a container by its id; remembered once something is."""
        known = self._known.get(container)
        return self._look(container) if known is None else known

    def runtime(self, container: str, cgroup: str) -> str:
        """Return the runtime of a container: by its cgroup's path, or by the files that it has."""
        above, name = cgroup.rstrip("/").split("/")[-2:]
        for prefix, runtime in BY_PREFIX:
            if name.startswith(prefix) or above == prefix.rstrip("-"):
                return runtime
        places = (kind for kind, place in PLACES if any(self._root.glob(f"{place}/{container}")))
        return next(places, UNKNOWN)

    def _look(self, container: str) -> Description:
        now = time.monotonic()
        if now < self._unknown.get(container, now):
            return NOTHING
        found = joined(find(self._root, container) for find in FINDERS)
        if found == NOTHING:
            self._unknown[container] = now + AGAIN_SECONDS
        else:
            self._known[container] = found
        return found


def joined(descriptions: Iterable[Description]) -> Description:
    """Return each field from the first that knows it."""
    known = list(descriptions)
    names = [field.name for field in fields(Description)]
    found = {n: next(filter(None, (getattr(d, n) for d in known)), None) for n in names}
    return Description(**{name: value for name, value in found.items() if value})


def docker(root: Path, container: str) -> Description:
    """Docker: its own file, with kubelet's labels where dockershim made the container."""
    told = object_in(root / "var/lib/docker/containers" / container / "config.v2.json")
    config = part(told, "Config")
    labels = part(config, "Labels")
    sandbox = text(labels, "io.kubernetes.docker.type") == "podsandbox"
    image = Description(image=text(config, "Image"), pod_sandbox=sandbox)
    return joined([image, annotated(labels), Description(name=text(told, "Name").lstrip("/"))])


def containerd(root: Path, container: str) -> Description:
    """Containerd: the bundle of the task, in any of its namespaces."""
    tasks = root / "run/containerd/io.containerd.runtime.v2.task"
    return joined(bundle(space / container) for space in _directories(tasks))


def storage(root: Path, container: str) -> Description:
    """Podman and CRI-O: the bundle, and the lists that both keep of their containers."""
    place = root / "var/lib/containers/storage/overlay-containers"
    lists = ("containers.json", "volatile-containers.json")
    known = [listed(place / name, container) for name in lists]
    return joined([bundle(place / container / "userdata"), *known])


def runc(root: Path, container: str) -> Description:
    """Runc by itself: its state holds the annotations, as labels of the form KEY=VALUE."""
    state = object_in(root / "run/runc" / container / "state.json")
    labels = (label.partition("=") for label in texts(part(state, "config"), "labels"))
    return annotated({key: value for key, _, value in labels})


def crun(root: Path, container: str) -> Description:
    """Crun by itself: its state names the bundle."""
    place = text(object_in(root / "run/crun" / container / "status"), "bundle")
    return bundle(root / place.lstrip("/")) if place else NOTHING


FINDERS: Final[tuple[Callable[[Path, str], Description], ...]] = (
    docker, containerd, storage, runc, crun,
)  # fmt: skip


def annotated(annotations: Json) -> Description:
    """Return what the annotations of a container say."""
    found: dict[str, Any] = {
        field: next(filter(None, (text(annotations, key) for key in keys)), "")
        for field, keys in ANNOTATIONS.items()
    }
    sandbox = any(text(annotations, key) == "sandbox" for key in KINDS)
    return Description(**found, pod_sandbox=sandbox)


def bundle(directory: Path) -> Description:
    """Return what the OCI config.json of a bundle says."""
    return annotated(part(object_in(directory / "config.json"), "annotations"))


def listed(file: Path, container: str) -> Description:
    """Return what a list of containers/storage says; details are JSON in a text of it."""
    for entry in objects_in(file):
        if entry.get("id") == container:
            details = parsed(text(entry, "metadata"))
            name = text(details, "name") or next(iter(texts(entry, "names")), "")
            return Description(name=name, image=text(details, "image-name"))
    return NOTHING


def _directories(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except OSError:
        return []
