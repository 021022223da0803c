"""Real containers by runc and crun, in a root file system made on the spot of busybox."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLACE = Path("/tmp/tracee-ref-containers")
ROOT = PLACE / "root"
BUSYBOX = "/usr/bin/busybox"
SECONDS = 100.0
"""For one call of a runtime: written in Go, runc takes seconds in an emulated guest."""

SLEEPER = ("/bin/sleep", "1000")
CAPABILITIES = ["CAP_NET_RAW"]  # for ping
NO_MOUNTS: Mapping[str, str] = {}
NAMESPACES = ("pid", "mount", "ipc", "uts")


@dataclass(frozen=True)
class Container:
    """A container to be made: by which runtime, its id, and the path of its cgroup."""

    runtime: str
    id: str
    cgroup: str

    def start(self) -> None:
        """Have it sleep in the background."""
        self._call("run", "--detach", "--bundle", self._bundle(SLEEPER), self.id)

    def run(self, *args: str, mounts: Mapping[str, str] = NO_MOUNTS) -> None:
        """Run a program as the container, and wait for its end.

        ``mounts`` are kinds of file systems by where they are to be, besides proc.
        """
        self._call("run", "--bundle", self._bundle(args, mounts), self.id)

    def execute(self, *args: str) -> None:
        """Run one more program in the container."""
        self._call("exec", self.id, *args)

    def remove(self) -> None:
        """End all that runs in it."""
        self._call("delete", "--force", self.id)

    def _call(self, *words: str) -> None:
        carry_out([self.runtime, *words])

    def _bundle(self, args: Sequence[str], mounts: Mapping[str, str] = NO_MOUNTS) -> str:
        bundle = PLACE / self.id
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
                {"destination": place, "type": kind, "source": kind}
                for place, kind in {"/proc": "proc", **mounts}.items()
            ],
            "linux": linux,
        }


def make_root() -> None:
    """Make the root file system of all containers."""
    shutil.rmtree(PLACE, ignore_errors=True)
    (ROOT / "bin").mkdir(parents=True)
    for name in ("proc", "dev", "sys"):
        (ROOT / name).mkdir()
    shutil.copy(BUSYBOX, ROOT / "bin")
    for name in ("sh", "sleep", "true", "ping"):
        (ROOT / "bin" / name).symlink_to("busybox")


def carry_out(argv: Sequence[str]) -> None:
    """Run a program; RuntimeError with what it said if it fails.

    Its output is a file: a container that stays in the background holds it open.
    """
    log = PLACE / "log"
    with log.open("wb") as file:
        result = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=SECONDS, check=False
        )
    if result.returncode:
        said = log.read_text(errors="replace").strip()
        raise RuntimeError(f"{' '.join(argv)}: status {result.returncode}: {said}")
