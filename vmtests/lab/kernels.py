# SPDX-License-Identifier: Apache-2.0
"""Store of Debian's stock kernels, one per series, fetched once.

A kernel is renamed into the store when it is complete, so an interrupted run leaves no partial one.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

from tracee_ref.errors import HostCode, HostError, UsageCode, UsageError
from vmtests.lab.archive import Archive, version_key
from vmtests.lab.cache import cache_directory

SUITES: dict[str, tuple[str, ...]] = {
    "5.10": ("bullseye-security",),
    "6.1": ("bookworm", "bookworm-security"),
    "6.12": ("trixie", "trixie-security"),
    "6.18": ("trixie-backports",),
    "7": ("forky",),
}
"""The series that the tests support, and the Debian suites that have each."""

OTHER_SUITES = ("trixie-backports", "forky")
"""Suites in which any other series is searched."""

MANIFEST = "kernel.json"


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: its release (``uname -r``) and the package it comes from."""

    series: str
    release: str
    package: str
    version: str
    suites: str
    root: Path

    @property
    def image(self) -> Path:
        """Path of the bootable image; split packages (from about 6.19) keep it with the modules."""
        beside_modules = self.root / "usr/lib/modules" / self.release / "vmlinuz"
        in_boot = self.root / "boot" / f"vmlinuz-{self.release}"
        return beside_modules if beside_modules.exists() else in_boot


def series_of(text: str) -> str:
    """Parse a kernel series, such as ``6.1``, ``7`` or ``7.x``; raise UsageError."""
    if not (found := re.fullmatch(r"(\d+(?:\.\d+)?)(?:\.x)?", text)):
        raise UsageError(
            UsageCode.COMMAND_LINE,
            f"kernel series {text!r}: give two numbers as in 6.1, or one as in 7.x",
        )
    return found[1]


def store_directory() -> Path:
    path = cache_directory() / "kernels"
    path.mkdir(exist_ok=True)
    return path


def stored() -> list[Kernel]:
    """Return every complete kernel of the store, oldest release first."""
    kernels = []
    for manifest in store_directory().glob(f"[0-9]*/{MANIFEST}"):
        kernels.append(Kernel(**json.loads(manifest.read_text()), root=manifest.parent))
    return sorted(kernels, key=lambda kernel: version_key(kernel.release))


def find(series: str) -> Kernel | None:
    """Return the newest stored kernel of a series."""
    return next((kernel for kernel in reversed(stored()) if kernel.series == series), None)


def get(series: str, *, newest: bool = False) -> Kernel:
    """Return a kernel of the series: the stored one, or with ``newest`` the archive's newest."""
    series = series_of(series)
    kernel = None if newest else find(series)
    return kernel or _fetch(series)


def _fetch(series: str) -> Kernel:
    suites = SUITES.get(series, OTHER_SUITES)
    archive = Archive(suites, cache_directory() / "apt" / series)
    archive.update()
    image = _newest_image(archive, series)
    release = image.removeprefix("linux-image-")
    kernel = Kernel(
        series,
        release,
        image,
        archive.field(image, "Version"),
        " ".join(suites),
        store_directory() / release,
    )
    if not (kernel.root / MANIFEST).exists():
        _install(kernel, archive)
    return kernel


def _newest_image(archive: Archive, series: str) -> str:
    """Return the name of the newest image package of a series.

    Point releases vanish from mirrors, so it is searched by pattern.  The cloud flavour is smaller
    but has no 9p, by which a guest mounts this machine's files.
    """
    pattern = rf"linux-image-{re.escape(series)}\.[0-9.+-]*(deb1[0-9])?(-[0-9]+)?-amd64"
    if not (names := archive.names(pattern)):
        raise HostError(
            HostCode.DEPENDENCY,
            f"no kernel {series} in {' '.join(archive.suites)}: try another series",
        )
    return names[-1]


def _install(kernel: Kernel, archive: Archive) -> None:
    """Download, unpack and index the modules, then rename the kernel into the store."""
    depends = archive.field(kernel.package, "Depends")
    parts = re.findall(rf"linux-(?:binary|modules)-{re.escape(kernel.release)}(?=[ ,]|$)", depends)
    files = archive.download([kernel.package, *parts], cache_directory() / "downloads")
    partial = Path(mkdtemp(prefix=".partial-", dir=store_directory()))
    try:
        for file in files:
            _run("dpkg-deb", "-x", str(file), str(partial))
        if not (partial / "lib").exists():  # depmod and vng look in lib, newer packages use usr/lib
            (partial / "lib").symlink_to("usr/lib")
        _run("depmod", "-b", str(partial), kernel.release)
        manifest = {key: value for key, value in asdict(kernel).items() if key != "root"}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1))
        partial.chmod(0o755)
        partial.rename(kernel.root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for file in files:
        file.unlink()


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HostError(
            HostCode.PROCESS, f"{' '.join(argv)} failed: {done.stderr.strip()}; is the disk full?"
        )
