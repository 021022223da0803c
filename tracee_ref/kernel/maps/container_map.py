# SPDX-License-Identifier: Apache-2.0
"""Containers on the kernel side: the hierarchy, and cgroups older than the tracer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import Final

from ...abi import CONTAINER
from ...containers.cgroups import Hierarchy, containers_below, root_of, walk
from ...errors import HostCode, HostError
from ...tables.containers import ContainerTable
from ...tables.intervals import ALL_SCOPES
from ..build.btf import Btf
from ..build.program import Program
from .layouts import container_bytes
from .write import add_entry

CONTAINERS: Final = 16384
"""Size of ``containers``: cgroups of containers and their descendants."""

STARTED_AFTER_TRACE: Final = CONTAINER.index("started_after_trace")


def constants(hierarchy: Hierarchy, btf: Btf, *, track: bool) -> dict[str, str]:
    """Return the C constants of the hierarchy, and those for tracking containers if ``track``."""
    names = {"HIERARCHY": str(hierarchy.number)}
    if track:
        names["CONTAINERS"] = str(CONTAINERS)
    if hierarchy.number:
        subsystem = f"{hierarchy.controllers[0]}_cgrp_id"
        names["CGROUP_SUBSYSTEM"] = str(btf.constant("cgroup_subsys_id", subsystem))
    return names


class ContainerWriter:
    """Writes the existing containers to the map; the BPF programs already record new cgroups."""

    def __init__(self, program: Program, tables: ContainerTable | None) -> None:
        self._program = program
        self._tables = tables

    def seed(self, hierarchy: Hierarchy) -> None:
        """Write all containers of the hierarchy; none if it is not mounted."""
        root = root_of(hierarchy)
        if root is not None:
            walk(root, self._write)

    def before(self, hierarchy: Hierarchy) -> Iterator[Path]:
        """Yield the cgroup directories of containers that existed before tracing."""
        root = root_of(hierarchy)
        fd = self._program.map_fd("containers")
        for directory in containers_below(root) if root else ():
            with suppress(OSError):  # removed
                key = pack("Q", directory.stat().st_ino)
                value = self._program.lookup(fd, key, CONTAINER.struct.size)
                if value and not CONTAINER.struct.unpack(value)[STARTED_AFTER_TRACE]:
                    yield directory

    def _write(self, cgroup: int, container: str) -> None:
        accept = self._tables.accept_old(container) if self._tables else ALL_SCOPES
        value = CONTAINER.struct.pack(accept, False, container_bytes(container))
        # Elements of the kernel side are newer, and are not overwritten.
        if error := add_entry(self._program, "containers", pack("Q", cgroup), value):
            raise HostError(
                HostCode.TABLE_SIZE,
                f"cgroup {cgroup} of container {container}: does not fit ({os.strerror(error)});"
                f" {CONTAINERS} cgroups of containers can be tracked, remove unused ones",
            )
