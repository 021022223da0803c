# SPDX-License-Identifier: Apache-2.0
"""Options of a check, which can be pickled for another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...errors import UsageCode, UsageError
from ...filters.syntax import split_flag
from ...model.filters import HOST_MNTNS, Key
from ..dialects import semantics_of
from ..reference.semantics import Semantics
from .balance import WINDOW_NS
from .losses import NO_LOSSES, Losses
from .process_state import PROCESS_EVENTS, Begins
from .report import DEFAULT_FINDINGS

STDIN: Final = "-"


@dataclass(frozen=True)
class Streams:
    """The files of one host, ``-`` for standard input.

    ``unfiltered`` is a stream of all events of the same time; ``journal`` is a list of what
    processes did, instead.
    """

    printed: str
    unfiltered: str | None = None
    losses: Losses = NO_LOSSES
    unfiltered_losses: Losses = NO_LOSSES
    journal: str | None = None


@dataclass(frozen=True)
class Job:
    """The options for all hosts: ``window`` in nanoseconds, ``limit`` of findings of a kind.

    ``progress`` allows lines of progress on a terminal.
    """

    flags: Sequence[str] = ()
    dialect: str | None = None
    begins: Begins = Begins.ANYWHERE
    tracers: frozenset[int] = frozenset()
    policies: Mapping[str, int] | None = None
    host_mntns: int | None = None
    window: int = WINDOW_NS
    limit: int = DEFAULT_FINDINGS
    progress: bool = True

    def semantics(self) -> Semantics:
        """Return the semantics of the flags; raise UsageError for an invalid flag."""
        semantics = semantics_of([self._resolved(flag) for flag in self.flags], self.dialect)
        if any(binary.mntns is HOST_MNTNS for binary in semantics.uses.binaries):
            raise UsageError(
                UsageCode.HOST_NAMESPACE,
                "binary=host:PATH: the host's mount namespace is not in the stream - "
                "give its inode number with --host-mntns",
            )
        return semantics

    def _resolved(self, flag: str) -> str:
        """Return a flag with ``host:`` replaced by the inode number."""
        if self.host_mntns is None or split_flag(flag).name not in ("binary", "bin"):
            return flag
        return flag.replace("host:/", f"{self.host_mntns}:/")


def selects_process_events(semantics: Semantics) -> bool:
    """Whether the scopes match every fork, exec and exit of all processes."""
    filtering = 0
    for key in Key:
        filtering |= semantics.uses.keys.get(key, 0)
    for name in PROCESS_EVENTS:
        fields = semantics.uses.fields.get(name, {})
        matching = semantics.uses.events.get(name, 0) & ~filtering
        for bits in fields.values():
            matching &= ~bits
        if not matching:
            return False
    return True
