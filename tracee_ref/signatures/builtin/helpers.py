# SPDX-License-Identifier: Apache-2.0
"""Base classes and helpers of signatures about files."""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values

OPENED, RENAMED, EXECUTED = "security_file_open", "security_inode_rename", "sched_process_exec"


def opened_to_write(args: Values) -> bool:
    """Return whether the flags of an open file permit writing."""
    return (args["flags"] & os.O_ACCMODE) in (os.O_WRONLY, os.O_RDWR)


def opened_to_read(args: Values) -> bool:
    """Return whether the flags of an open file permit reading."""
    return (args["flags"] & os.O_ACCMODE) in (os.O_RDONLY, os.O_RDWR)


def file_name(path: str) -> str:
    """Return the last component of a path."""
    return path.rpartition("/")[2]


def program_name(args: Values) -> str:
    """Return the file name of the program of a sched_process_exec."""
    return file_name(args["pathname"] or "")


class FileSignature(Signature):
    """Base of signatures about paths, which ``path`` must match as a whole."""

    needs: ClassVar[tuple[str, ...]] = (OPENED,)
    path: ClassVar[re.Pattern[str]]

    @abstractmethod
    def path_of(self, event: TraceEvent, args: Values) -> str | None:
        """Return the path to match, or None if the event is not of interest."""

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the event if its path matches."""
        path = self.path_of(event, args)
        return (args,) if path and self.path.fullmatch(path) else ()


class ReadFile(FileSignature):
    """Base of signatures of files that are opened for reading."""

    def path_of(self, _event: TraceEvent, args: Values) -> str | None:
        """Return the path of a file opened for reading."""
        return args["pathname"] if opened_to_read(args) else None


class WrittenFile(FileSignature):
    """Base of signatures of files opened for writing or, with RENAMED in ``needs``, replaced."""

    def path_of(self, event: TraceEvent, args: Values) -> str | None:
        """Return the path of a file opened for writing, or the new path of a renamed one."""
        if event.event_name == RENAMED:
            new_path: str | None = args["new_path"]
            return new_path
        return args["pathname"] if opened_to_write(args) else None


class ReplacedFile(WrittenFile):
    """Base of signatures of files that are written or replaced, or of programs that do so."""

    needs: ClassVar[tuple[str, ...]] = (OPENED, RENAMED)
    programs: ClassVar[frozenset[str]] = frozenset()
    """File names of the programs, for a signature that also needs EXECUTED."""

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the event if its path or program matches."""
        if event.event_name == EXECUTED:
            return (args,) if program_name(args) in self.programs else ()
        return super().on_event(event, args)
