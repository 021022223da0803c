"""Can guests use KVM here?  /dev/kvm may be there and yet hang a stock kernel, so it is tried."""

from __future__ import annotations

import json
import os
from pathlib import Path

from vmtests.lab.agent_process import GuestLostError
from vmtests.lab.cache import cache_directory
from vmtests.lab.guest import Guest
from vmtests.lab.kernels import Kernel

PROBE_SECONDS = 25.0
"""A guest that KVM runs is up in a few seconds."""


def usable(kernel: Kernel) -> bool:
    """Whether the kernel boots with KVM; found out once per machine and remembered."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    answers = cache_directory() / "kvm.json"
    known = json.loads(answers.read_text()) if answers.exists() else {}
    if (machine := _machine()) not in known:
        known = {machine: _boots(kernel)}
        answers.write_text(json.dumps(known))
    return bool(known[machine])


def _boots(kernel: Kernel) -> bool:
    with Guest(kernel, kvm=True, boot_limit=PROBE_SECONDS) as guest:
        try:
            guest.wait_until_up()
        except GuestLostError:
            return False
    return True


def _machine() -> str:
    """What the answer depends on: this kernel and the processor."""
    cpu = Path("/proc/cpuinfo").read_text()
    model = next((line for line in cpu.splitlines() if line.startswith("model name")), "")
    return f"{os.uname().release} {model.partition(':')[2].strip()}"
