# SPDX-License-Identifier: Apache-2.0
"""Bare Debian releases in chroots: essential packages and apt, and no more.

A release is downloaded once into an archive in the user's cache; each run unpacks it anew.  All
mounts are in a mount namespace of the command that runs, so none is left when it ends.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Final, Self

from tracee_ref.errors import HostCode, HostError
from vmtests.lab.archive import mirror
from vmtests.lab.cache import cache_directory

RELEASES: Final = ("bookworm", "trixie")
"""Codenames of the supported releases, Debian 12 and 13."""

ARCHIVE_SECONDS: Final = 7 * 24 * 3600
"""An older archive is made anew, for the release's updates."""

CERTIFICATES: Final = "/etc/ssl/host-certificates.crt"
"""Copy of the certificates that this machine's programs are told to trust, for a proxy of TLS."""

TRUST: Final = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
PASSED: Final = re.compile(
    r"CI|(https?|ftp|all|no)_proxy|PIP_(DEFAULT_TIMEOUT|.*INDEX.*|.*HOST)", re.I
)
"""Variables that a command in a chroot gets; no home, terminal or locale is among them."""

APT_OPTIONS: Final = re.compile(r'^(Acquire::(?:Check-.*|Retries|\S*Proxy\S*) "[^"]+";)$', re.M)
"""Settings of this machine's apt that are about its mirror."""

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# The new root is a mount of its own, and the root of the mount namespace: paths that the kernel
# resolves begin there.
ENTER: Final = """
mount --bind "$1" "$1" && cd "$1"
for directory in proc sys dev; do mount --rbind /$directory $directory; done
mount -t tmpfs none run
shift
pivot_root . . && umount -l . && exec chroot . "$@"
"""


def running_release() -> str:
    """Return the codename of this machine's release."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


class Chroot:
    """Context manager of a bare release; raises HostError if chroots cannot be made or entered."""

    def __init__(self, release: str) -> None:
        self.release = release
        self.root = Path()

    def __enter__(self) -> Self:
        check_mounts()
        directory = cache_directory() / "distros"
        directory.mkdir(exist_ok=True)
        _remove_stale(directory)
        archive = directory / f"{self.release}.tar"
        if not archive.exists() or time.time() - archive.stat().st_mtime > ARCHIVE_SECONDS:
            _make_archive(self.release, archive)
        self.root = Path(mkdtemp(prefix=f"{self.release}-{os.getpid()}-", dir=directory))
        try:
            self._unpack(archive)
        except BaseException:
            self.close()
            raise
        return self

    def _unpack(self, archive: Path) -> None:
        run_or_raise("tar", "-xpf", str(archive), "-C", str(self.root))
        self.root.chmod(0o755)
        for file in ("etc/resolv.conf", "etc/hosts"):
            if Path("/", file).exists():
                shutil.copy(Path("/", file), self.root / file)
        if certificates := next(filter(None, map(os.environ.get, TRUST)), None):
            (self.root / "etc/ssl").mkdir(exist_ok=True)
            shutil.copy(certificates, self.root / CERTIFICATES.lstrip("/"))
        raise_if_failed(self.run(["true"], capture=True))

    def run(
        self, argv: Sequence[str], directory: str = "/", *, capture: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the chroot, as root with the environment of a bare machine."""
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", ENTER, "sh"]
        inside = ["env", "-C", directory, *argv]
        return subprocess.run(
            [*enter, str(self.root), *inside],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=capture,
            text=True,
            check=False,
        )

    def environment(self) -> Mapping[str, str]:
        """Return the variables of commands."""
        passed = {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}
        trust = (self.root / CERTIFICATES.lstrip("/")).exists()
        return {"PATH": PATH, **passed, **(dict.fromkeys(TRUST, CERTIFICATES) if trust else {})}

    def close(self) -> None:
        """Remove the files; nothing is mounted there, as seen from this process."""
        shutil.rmtree(self.root, ignore_errors=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_mounts() -> None:
    """Raise HostError if this process may not make chroots."""
    if os.geteuid() != 0:
        raise HostError(HostCode.PRIVILEGE, "chroots need root; run it with sudo")
    argv = ["unshare", "--mount", "--propagation", "private", "true"]
    raise_if_failed(subprocess.run(argv, capture_output=True, text=True, check=False))


def raise_if_failed(done: subprocess.CompletedProcess[str]) -> None:
    """Raise HostError if a command in a new mount namespace failed."""
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HostError(
            HostCode.PROCESS,
            f"a chroot cannot be entered: {last};"
            " run it where root may mount (in a container: --privileged)",
        )


def _make_archive(release: str, archive: Path) -> None:
    """Download a release into a tar archive, with the settings of this machine's apt."""
    if not shutil.which("mmdebstrap"):
        raise HostError(HostCode.DEPENDENCY, "mmdebstrap: not found; run tools/setup-distros")
    settings = APT_OPTIONS.findall(run_or_raise("apt-config", "dump"))
    partial = archive.with_suffix(f".{os.getpid()}.tar")
    try:
        options = ["--variant=minbase", "--quiet", *(f"--aptopt={line}" for line in settings)]
        run_or_raise("mmdebstrap", *options, release, str(partial), mirror(security=False))
        partial.replace(archive)
    finally:
        partial.unlink(missing_ok=True)


def _remove_stale(directory: Path) -> None:
    """Remove the chroots of runs that were killed."""
    for path in directory.iterdir():
        found = re.fullmatch(r"[a-z]+-(\d+)-.*", path.name)
        if found and not Path("/proc", found[1]).exists():
            with suppress(OSError):
                shutil.rmtree(path)


def run_or_raise(*argv: str) -> str:
    """Return the output of a command; raise HostError with the last line of its messages."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HostError(HostCode.PROCESS, f"{argv[0]} failed: {last}")
    return done.stdout
