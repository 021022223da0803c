# SPDX-License-Identifier: Apache-2.0
"""Debian packages of any suite, fetched by apt with a package state of its own.

apt verifies every download against the signed index.  The mirrors are those of the machine's own
sources.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tracee_ref.errors import HostCode, HostError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _output(*argv: str) -> str:
    """Return the standard output of a command; raise HostError if it fails."""
    environment = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HostError(
            HostCode.NETWORK, f"{argv[0]} failed: {last}; check apt's sources and the network"
        )
    return done.stdout


def _machine_targets() -> list[list[str]]:
    """Return URI, suite and component of each package index that apt has."""
    line = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
    found = _output("apt-get", "indextargets", "--format", line, "Created-By: Packages")
    return [fields for row in found.splitlines() if len(fields := row.split()) == 3]


@cache
def mirror(security: bool) -> str:
    """Return the URI of the archive, or of the security archive, from the machine's sources."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    for refresh in (False, True):  # apt lists no index before its first update
        if refresh:
            _output("apt-get", "-q", "update")
        sources = {
            suite: uri for uri, suite, component in _machine_targets() if component == "main"
        }
        if security and (uri := sources.get(f"{codename}-security")):
            return uri
        if uri := sources.get(codename):
            return _security_archive(uri) if security else uri
    raise HostError(
        HostCode.DEPENDENCY,
        f"apt has no source for {codename} main: add one to /etc/apt/sources.list.d",
    )


def _security_archive(archive: str) -> str:
    """Return the URI of the security archive beside an archive, as Debian's mirrors have it."""
    return re.sub(r"/debian/?$", "/debian-security", archive)


def version_key(text: str) -> tuple[int, ...]:
    """Return the numbers in a kernel release or package name, for sorting by age."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


@dataclass(frozen=True)
class Archive:
    """One or more suites, with an apt state directory for them."""

    suites: tuple[str, ...]
    state: Path

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self.state / "suites.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": self.state,
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.state,
            "APT::Sandbox::User": "root",  # the cache is under a home that _apt cannot enter
        }
        return [f"-o{key}={value}" for key, value in settings.items()]

    def update(self) -> None:
        """Fetch the signed indexes of the suites."""
        (self.state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (self.state / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        stanzas = (
            f"Types: deb\nURIs: {mirror(suite.endswith('-security'))}\nSuites: {suite}\n"
            f"Components: main\nTargets: Packages\nSigned-By: {KEYRING}\n"
            for suite in self.suites
        )
        (self.state / "suites.sources").write_text("\n".join(stanzas))
        _output("apt-get", *self._options(), "-q", "update")

    def names(self, pattern: str) -> list[str]:
        """Return the package names that match the whole regular expression, oldest first."""
        listed = _output("apt-cache", *self._options(), "pkgnames", "linux-")
        found = {name for name in listed.split() if re.fullmatch(pattern, name)}
        return sorted(found, key=version_key)

    def field(self, package: str, name: str) -> str:
        """Return a field of the newest version of a package; an empty string if absent."""
        record = _output("apt-cache", *self._options(), "show", "--no-all-versions", package)
        found = re.search(rf"^{name}: (.*)$", record, re.MULTILINE)
        return found[1] if found else ""

    def download(self, packages: list[str], directory: Path) -> list[Path]:
        """Fetch packages, going on where an earlier try broke off; progress on stderr."""
        directory.mkdir(parents=True, exist_ok=True)
        argv = ["apt-get", *self._options(), "download", *packages]
        done = subprocess.run(argv, cwd=directory, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise HostError(
                HostCode.NETWORK, f"cannot download {' '.join(packages)}: see apt's message above"
            )
        return [path for name in packages for path in directory.glob(f"{name}_*.deb")]
