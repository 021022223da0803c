# SPDX-License-Identifier: Apache-2.0
"""Agents in guests booted by virtme-ng, and on this machine's own kernel."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tracee_ref.kernel.build.cache import DIRECTORY
from vmtests.lab.agent import COMPILE_SERVER
from vmtests.lab.agent_process import BOOT_SECONDS, AgentProcess
from vmtests.lab.compile_server import GUEST_DIRECTORY
from vmtests.lab.kernels import Kernel

AGENT = (sys.executable, "-m", "vmtests.lab.agent")

UNUSED_MODULES = (
    "kvm,kvm_amd,kvm_intel,ahci,libahci,sr_mod,sg,iTCO_wdt,lpc_ich,i2c_i801,psmouse,evdev,"
    "button,pcspkr,aesni_intel,sha512_ssse3,ghash_clmulni_intel,polyval_clmulni,powernow_k8"
)
"""Modules that udev would load for the emulated board and no test uses; each costs boot time."""

BOOT_OPTIONS = (
    f"module_blacklist={UNUSED_MODULES}",
    "cryptomgr.notests mitigations=off nokaslr init_on_alloc=0 apparmor=0 audit=0",
    "no_timer_check random.trust_cpu=on rcupdate.rcu_expedited=1",
)
"""Invisible to the tests; together they save a quarter of an emulated boot."""


EMULATION = [
    "--disable-kvm",
    "--qemu-opts=-accel tcg,thread=single",
    "--qemu-opts=-cpu Nehalem",
]
"""One thread for all processors of a guest: with one each, QEMU 7.2 sometimes runs code that the
kernel is patching (an int3 oops at boot), and its atomics make everything slower.  An old processor
model, because newer instructions are slow to emulate: BCC compiles in half the time.
"""


class HostGuest(AgentProcess):
    """An agent on this machine's own kernel."""

    def __init__(self) -> None:
        super().__init__("host", list(AGENT), new_console("host"))


class Guest(AgentProcess):
    """An agent in a virtual machine that mounts this machine's root file system read-only.

    ``programs`` is a directory of ``compile_server``; without one the guest compiles by itself.
    ``boot_options`` are appended to the command line of the kernel.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        kvm: bool,
        memory: str = "1G",
        cpus: int = 2,
        boot_limit: float = BOOT_SECONDS,
        programs: Path | None = None,
        boot_options: Sequence[str] = (),
    ) -> None:
        argv = ["vng", "--verbose", "--force-9p", "--disable-microvm"]
        argv += ["--memory", memory, "--cpus", str(cpus)]
        argv += [] if kvm else EMULATION
        for option in (*BOOT_OPTIONS, *boot_options):
            argv += ["--append", option]
        agent: tuple[str, ...] = AGENT
        if programs:
            argv += [f"--rwdir={GUEST_DIRECTORY}={programs}"]
            agent = ("env", f"{DIRECTORY}={GUEST_DIRECTORY}", *AGENT, COMPILE_SERVER)
        argv += ["--run", str(kernel.image), "--exec", shlex.join(agent)]
        super().__init__(kernel.series, argv, new_console(kernel.series), boot_limit)
        self.kernel = kernel


def new_console(name: str) -> Path:
    """Create a file for the console of a kernel and the stderr of its agent; it is kept."""
    directory = Path(tempfile.gettempdir()) / "tracee-ref-consoles"
    directory.mkdir(exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=directory)
    os.close(descriptor)
    return Path(path)
