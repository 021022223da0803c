# SPDX-License-Identifier: Apache-2.0
"""Whether this kernel lets us watch its functions; found out when an event asks for it.

Kprobes are the hook that nearly every kernel has.  fentry and LSM programs would cost a traced
process less, but need trampolines, and a kernel that was started with ``lsm=...,bpf``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from ...containers.cgroups import UNIFIED, root_of
from ...errors import HostError
from ...events.catalogue import PACKETS, EventDefinition
from ..build.btf import Btf

KPROBES: Final = Path("/sys/bus/event_source/devices/kprobe/type")
"""The number of the kind of perf event that a kprobe is (since 4.17, e12f03d7031a)."""


def lacking(event: EventDefinition) -> str:
    """Return what this kernel lacks for an event; empty if it has everything."""
    if PACKETS & {*event.bases}:
        return (
            "" if root_of(UNIFIED) else "cgroup v2, mounted (mount -t cgroup2 none /sys/fs/cgroup)"
        )
    if not event.functions:
        return ""
    if not KPROBES.exists():
        return "kprobes (CONFIG_KPROBE_EVENTS=y)"
    missing = [name for name in event.functions if not has_function(name)]
    return f"the kernel function {missing[0]}" if missing else ""


@cache
def has_function(name: str) -> bool:
    """Whether the kernel has a function; None is known without BTF, nor can any be traced."""
    try:
        return types().function(name) is not None
    except HostError:
        return False


@cache
def types() -> Btf:
    """Return the kernel's types, read once."""
    return Btf()
