# SPDX-License-Identifier: Apache-2.0
"""Probe for usable KVM: /dev/kvm may exist and yet hang a stock kernel."""

from __future__ import annotations

import json
import os
from pathlib import Path

from vmtests.lab.agent_process import GuestLostError
from vmtests.lab.cache import cache_directory
from vmtests.lab.guest import Guest
from vmtests.lab.kernels import Kernel

PROBE_SECONDS = 25.0
"""A guest with KVM is up in a few seconds."""


def usable(kernel: Kernel) -> bool:
    """Return whether the kernel boots with KVM; the result is cached per machine."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    cache = cache_directory() / "kvm.json"
    results = json.loads(cache.read_text()) if cache.exists() else {}
    if (machine := _machine()) not in results:
        results = {machine: _boots(kernel)}
        cache.write_text(json.dumps(results))
    return bool(results[machine])


def _boots(kernel: Kernel) -> bool:
    with Guest(kernel, kvm=True, boot_limit=PROBE_SECONDS) as guest:
        try:
            guest.wait_until_up()
        except GuestLostError:
            return False
    return True


def _machine() -> str:
    """Return the cache key: the release of this kernel and the model of the processor."""
    cpu = Path("/proc/cpuinfo").read_text()
    model = next((line for line in cpu.splitlines() if line.startswith("model name")), "")
    return f"{os.uname().release} {model.partition(':')[2].strip()}"
