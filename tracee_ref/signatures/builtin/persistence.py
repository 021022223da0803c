# SPDX-License-Identifier: Apache-2.0
"""Signatures of files that make programs run later, or make programs run other code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Values
from ..describing import described
from .helpers import EXECUTED, OPENED, RENAMED, PlacedFile

ALL_THREE: Final = (OPENED, RENAMED, EXECUTED)
PRELOADS: Final = ("LD_PRELOAD=", "LD_LIBRARY_PATH=")


class ScheduledTaskMod(PlacedFile):
    """TRC-1027: what cron and at run is changed."""

    event = "scheduled_task_mod"
    needs = ALL_THREE
    path = re.compile(
        r"/etc/(ana)?crontab|/etc/cron\.(allow|deny)|/etc/cron\.[a-z]+/.+|/var/spool/(cron|anacron|at)/.+"
    )
    programs = frozenset({"crontab", "at", "batch"})
    description = "The tables of scheduled tasks were changed, or a program was run that does it."
    properties = described("TRC-1027", 2, "persistence", "Cron", "T1053.003")


class RcdModification(PlacedFile):
    """TRC-1026: what runs when the system starts, by scripts of System V, is changed."""

    event = "rcd_modification"
    needs = ALL_THREE
    path = re.compile(r"/etc/rc\.local|/etc/(rc[0-6S]?\.d|init\.d)/.+")
    programs = frozenset({"update-rc.d"})
    description = "The scripts that run at startup were changed, or a program was run that does it."
    properties = described("TRC-1026", 2, "persistence", "RC Scripts", "T1037.004")


class LdPreload(PlacedFile):
    """TRC-107: libraries are forced upon programs, by a file or by the environment.

    Of an exec the finding's ``env`` holds the variables in question alone.
    """

    event = "ld_preload"
    needs = ALL_THREE
    environment = True
    path = re.compile(r"/etc/ld\.so\.preload")
    description = "Libraries were set to be loaded into programs before their own."
    properties = described("TRC-107", 2, "persistence", "Hijack Execution Flow", "T1574.006")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the event that sets them."""
        if event.event_name != EXECUTED:
            return super().on_event(event, args)
        found = [one for one in args["env"] or () if one.startswith(PRELOADS)]
        return ({**args, "env": found},) if found else ()


class DefaultLoaderMod(PlacedFile):
    """TRC-1012: the loader of dynamic programs is changed."""

    event = "default_loader_mod"
    path = re.compile(r"(/usr)?/lib(|32|64|x32)/(.+/)?ld[-.][^/]*\.so[^/]*|/lib/ld-musl-[^/]*")
    description = "The loader of all dynamically linked programs was changed."
    properties = described("TRC-1012", 3, "persistence", "Hijack Execution Flow", "T1574")


class SudoersModification(PlacedFile):
    """TRC-1028: it is changed who may act as root."""

    event = "sudoers_modification"
    path = re.compile(r"/etc/sudoers|/etc/sudoers\.d/.+")
    description = "The rules of sudo were changed."
    properties = described(
        "TRC-1028", 2, "privilege-escalation", "Sudo and Sudo Caching", "T1548.003"
    )
