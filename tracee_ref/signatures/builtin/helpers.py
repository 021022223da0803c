# SPDX-License-Identifier: Apache-2.0
"""What signatures about files share: which files an event opened, and for what, or put in place."""

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
    """Whether the flags of an open file allow to write."""
    return (args["flags"] & os.O_ACCMODE) in (os.O_WRONLY, os.O_RDWR)


def opened_to_read(args: Values) -> bool:
    """Whether the flags of an open file allow to read."""
    return (args["flags"] & os.O_ACCMODE) in (os.O_RDONLY, os.O_RDWR)


def file_name(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def program_name(args: Values) -> str:
    """Return the name of the program file of a sched_process_exec."""
    return file_name(args["pathname"] or "")


class FileSignature(Signature):
    """Looks at the path of one event; ``path`` must match it as a whole."""

    needs: ClassVar[tuple[str, ...]] = (OPENED,)
    path: ClassVar[re.Pattern[str]]

    @abstractmethod
    def concerned(self, event: TraceEvent, args: Values) -> str | None:
        """Return the path to look at, None if the event is not of interest."""

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the event, if it is about a file in question."""
        path = self.concerned(event, args)
        return (args,) if path and self.path.fullmatch(path) else ()


class ReadFile(FileSignature):
    """A file was opened to read it."""

    def concerned(self, _event: TraceEvent, args: Values) -> str | None:
        """Return the path of the file."""
        return args["pathname"] if opened_to_read(args) else None


class WrittenFile(FileSignature):
    """A file was opened to write it or, where ``needs`` says so, renamed to such a name."""

    def concerned(self, event: TraceEvent, args: Values) -> str | None:
        """Return the path of the file, or its new one."""
        if event.event_name == RENAMED:
            name: str | None = args["new_path"]
            return name
        return args["pathname"] if opened_to_write(args) else None


class PlacedFile(WrittenFile):
    """A file was written, or put in place by renaming another, or a program called for that."""

    needs: ClassVar[tuple[str, ...]] = (OPENED, RENAMED)
    programs: ClassVar[frozenset[str]] = frozenset()
    """Their names, for a signature that needs ``sched_process_exec``, too."""

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the event, if it is about a file or a program in question."""
        if event.event_name == EXECUTED:
            return (args,) if program_name(args) in self.programs else ()
        return super().on_event(event, args)
