# SPDX-License-Identifier: Apache-2.0
"""System packages that the tracer needs, by their names on distributions."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .errors import HostCode, HostError

PACKAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "BCC": {
        "debian": "python3-bpfcc",
        "fedora": "python3-bcc",
        "suse": "python3-bcc",
        "arch": "python-bcc",
        "alpine": "py3-bcc",
    },
    "libbpf": {
        "debian": "libbpf1",
        "fedora": "libbpf",
        "suse": "libbpf1",
        "arch": "libbpf",
        "alpine": "libbpf",
    },
}
"""Name of the package by the ID, or an ID_LIKE, of /etc/os-release."""

SYSTEM_PREFIX: Final = "/usr"
"""Of the Python for which a distribution packages its modules."""

SEES_SYSTEM: Final = "include-system-site-packages = true"


def package(name: str, release: Mapping[str, str] | None = None) -> str:
    """Return the name of a package on this distribution; on an unknown one, that of Debian."""
    if release is None:
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            release = {}
    ids = (release.get("ID", ""), *release.get("ID_LIKE", "").split())
    known = (PACKAGES[name][id_] for id_ in ids if id_ in PACKAGES[name])
    return next(known, f"{PACKAGES[name]['debian']} (its name on Debian)")


def missing_bcc() -> HostError:
    """Return the error of a Python that does not find BCC, which PyPI does not have."""
    found, remedy = "BCC is missing", f"install the package {package('BCC')}"
    if sys.prefix != sys.base_prefix and not sees_system_packages():
        found += " in this environment"
        remedy += ", and make the environment with --system-site-packages (venv and pipx)"
    elif sys.base_prefix != SYSTEM_PREFIX:
        found += f" for this Python ({sys.base_prefix})"
        remedy += ", and use the Python of the system (/usr/bin/python3)"
    return HostError(HostCode.DEPENDENCY, f"{found}; {remedy}")


def missing_libbpf() -> HostError:
    """Return the error of a system without libbpf."""
    return HostError(
        HostCode.DEPENDENCY, f"libbpf.so.1: not found; install the package {package('libbpf')}"
    )


def sees_system_packages() -> bool:
    """Whether this virtual environment was made with --system-site-packages."""
    try:
        text = (Path(sys.prefix) / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    return SEES_SYSTEM in text.splitlines()
