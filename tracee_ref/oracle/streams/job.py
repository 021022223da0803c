# SPDX-License-Identifier: Apache-2.0
"""What a check was asked for; it can be sent to another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.filters import HOST_MNTNS, Key

from ...errors import UsageCode, UsageError
from ...filters.syntax import split_flag
from ..dialects import semantics_of
from ..reference.semantics import Semantics
from .balance import WINDOW
from .losses import NO_LOSSES, Losses
from .process_state import LIFE, Begins
from .report import SHOWN

STDIN: Final = "-"


@dataclass(frozen=True)
class Streams:
    """The files of one host: its output, and perhaps all its events; ``-`` is standard input.

    ``journal`` is a file that tells what happened, in the place of all events.
    """

    shown: str
    everything: str | None = None
    losses: Losses = NO_LOSSES
    losses_of_everything: Losses = NO_LOSSES
    journal: str | None = None


@dataclass(frozen=True)
class Job:
    """How streams are checked: ``window`` in nanoseconds, ``limit`` of findings shown a kind.

    ``progress`` says whether a terminal is shown how far it is.
    """

    flags: Sequence[str] = ()
    dialect: str | None = None
    begins: Begins = Begins.ANYWHERE
    tracers: frozenset[int] = frozenset()
    policies: Mapping[str, int] | None = None
    host_mntns: int | None = None
    window: int = WINDOW
    limit: int = SHOWN
    progress: bool = True

    def semantics(self) -> Semantics:
        """Return who gives the verdicts; UsageError for a wrong flag."""
        semantics = semantics_of([self._resolved(flag) for flag in self.flags], self.dialect)
        if any(one.mntns is HOST_MNTNS for one in semantics.uses.binaries):
            raise UsageError(
                UsageCode.HOST_NAMESPACE,
                "binary=host:PATH: the host's mount namespace is not in the stream - "
                "give its inode number with --host-mntns",
            )
        return semantics

    def _resolved(self, flag: str) -> str:
        """Return a flag with the inode number in place of ``host:``."""
        if self.host_mntns is None or split_flag(flag).name not in ("binary", "bin"):
            return flag
        return flag.replace("host:/", f"{self.host_mntns}:/")


def tells_lives(semantics: Semantics) -> bool:
    """Whether scopes show every fork, exec and exit, whatever the process."""
    asking = 0
    for key in Key:
        asking |= semantics.uses.keys.get(key, 0)
    for name in LIFE:
        fields = semantics.uses.fields.get(name, {})
        showing = semantics.uses.events.get(name, 0) & ~asking
        for bits in fields.values():
            showing &= ~bits
        if not showing:
            return False
    return True
