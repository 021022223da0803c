# SPDX-License-Identifier: Apache-2.0
"""Containers run by runc and crun, with a root file system of busybox."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path("/tmp/tracee-ref-containers")
ROOT = DIRECTORY / "root"
BUSYBOX = "/usr/bin/busybox"
TIMEOUT_SECONDS = 100.0
"""Timeout of one call of a runtime: runc, a Go program, takes seconds in an emulated guest."""

SLEEPER = ("/bin/sleep", "1000")
CAPABILITIES = ["CAP_NET_RAW"]  # for ping
NO_MOUNTS: Mapping[str, str] = {}
NAMESPACES = ("pid", "mount", "ipc", "uts")


@dataclass(frozen=True)
class Container:
    """A container: its runtime, its id and its cgroup path."""

    runtime: str
    id: str
    cgroup: str

    def start(self) -> None:
        """Start the container in the background, with a sleeping process."""
        self._call("run", "--detach", "--bundle", self._bundle(SLEEPER), self.id)

    def run(self, *args: str, mounts: Mapping[str, str] = NO_MOUNTS) -> None:
        """Run a program as the container's first process and wait until it exits.

        ``mounts`` are file system types by mount point, besides proc.
        """
        self._call("run", "--bundle", self._bundle(args, mounts), self.id)

    def execute(self, *args: str) -> None:
        """Run another program in the running container and wait until it exits."""
        self._call("exec", self.id, *args)

    def remove(self) -> None:
        """Kill all processes of the container and remove it."""
        self._call("delete", "--force", self.id)

    def _call(self, *words: str) -> None:
        run_command([self.runtime, *words])

    def _bundle(self, args: Sequence[str], mounts: Mapping[str, str] = NO_MOUNTS) -> str:
        bundle = DIRECTORY / self.id
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(self._config(args, mounts)))
        return str(bundle)

    def _config(self, args: Sequence[str], mounts: Mapping[str, str]) -> dict[str, object]:
        process = {
            "user": {"uid": 0, "gid": 0},
            "args": [*args],
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
        }
        linux = {"cgroupsPath": self.cgroup, "namespaces": [{"type": kind} for kind in NAMESPACES]}
        return {
            "ociVersion": "1.0.2",
            "process": process,
            "root": {"path": str(ROOT), "readonly": True},
            "mounts": [
                {"destination": path, "type": type_, "source": type_}
                for path, type_ in {"/proc": "proc", **mounts}.items()
            ],
            "linux": linux,
        }


def make_root() -> None:
    """Create the root file system that all containers share."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    (ROOT / "bin").mkdir(parents=True)
    for name in ("proc", "dev", "sys"):
        (ROOT / name).mkdir()
    shutil.copy(BUSYBOX, ROOT / "bin")
    for name in ("sh", "sleep", "true", "ping"):
        (ROOT / "bin" / name).symlink_to("busybox")


def run_command(argv: Sequence[str]) -> None:
    """Run a program; raise RuntimeError with its output if it fails.

    The output goes to a file, because a container in the background keeps it open.
    """
    log = DIRECTORY / "log"
    with log.open("wb") as file:
        result = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if result.returncode:
        output = log.read_text(errors="replace").strip()
        raise RuntimeError(f"{' '.join(argv)}: status {result.returncode}: {output}")
