# SPDX-License-Identifier: Apache-2.0
"""Containers on the kernel side: where their cgroups are, and those that were there before."""

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
from ..build.btf import Btf
from ..build.program import Program
from .layouts import container_bytes
from .write import add_entry

CONTAINERS: Final = 16384
"""Places for cgroups of containers, those below them included."""

EVERYONE: Final = (1 << 64) - 1


def constants(hierarchy: Hierarchy, btf: Btf, *, track: bool) -> dict[str, str]:
    """Return the C constants that name the hierarchy, and say whether to track containers."""
    names = {"HIERARCHY": str(hierarchy.number)}
    if track:
        names["CONTAINERS"] = str(CONTAINERS)
    if hierarchy.number:
        subsystem = f"{hierarchy.controllers[0]}_cgrp_id"
        names["CGROUP_SUBSYSTEM"] = str(btf.constant("cgroup_subsys_id", subsystem))
    return names


class ContainerWriter:
    """Tells the kernel side of the containers that there are; its programs watch by now."""

    def __init__(self, program: Program, tables: ContainerTable | None) -> None:
        self._program = program
        self._tables = tables

    def seed(self, hierarchy: Hierarchy) -> None:
        """Look through the hierarchy; where it is mounted nowhere, nothing is known of it."""
        root = root_of(hierarchy)
        if root is not None:
            walk(root, self._learn)

    def before(self, hierarchy: Hierarchy) -> Iterator[Path]:
        """Give the cgroups of containers that were there before tracing began."""
        root = root_of(hierarchy)
        fd = self._program.map_fd("containers")
        for place in containers_below(root) if root else ():
            with suppress(OSError):  # gone meanwhile
                key = pack("Q", place.stat().st_ino)
                value = self._program.lookup(fd, key, CONTAINER.struct.size)
                if value and not CONTAINER.struct.unpack(value)[1]:
                    yield place

    def _learn(self, cgroup: int, container: str) -> None:
        accept = self._tables.accept_old(container) if self._tables else EVERYONE
        value = CONTAINER.struct.pack(accept, False, container_bytes(container))
        # What the kernel side has seen itself was made after tracing began.
        if error := add_entry(self._program, "containers", pack("Q", cgroup), value):
            raise HostError(
                HostCode.TABLE_SIZE,
                f"cgroup {cgroup} of container {container}: not taken ({os.strerror(error)});"
                f" {CONTAINERS} cgroups of containers can be tracked, remove those left over",
            )
