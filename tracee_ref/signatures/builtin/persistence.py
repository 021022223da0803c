# SPDX-License-Identifier: Apache-2.0
"""Signatures of persistence: files that start programs, or load code into them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Values, signature_properties
from .helpers import EXECUTED, OPENED, RENAMED, ReplacedFile

OPENED_RENAMED_EXECUTED: Final = (OPENED, RENAMED, EXECUTED)
PRELOADS: Final = ("LD_PRELOAD=", "LD_LIBRARY_PATH=")


class ScheduledTaskMod(ReplacedFile):
    """TRC-1027: the tasks of cron or at are changed."""

    event = "scheduled_task_mod"
    needs = OPENED_RENAMED_EXECUTED
    path = re.compile(
        r"/etc/(ana)?crontab|/etc/cron\.(allow|deny)|/etc/cron\.[a-z]+/.+|/var/spool/(cron|anacron|at)/.+",
        re.DOTALL,
    )
    programs = frozenset({"crontab", "at", "batch"})
    description = "The tables of scheduled tasks were changed, or a program was run that does it."
    properties = signature_properties("TRC-1027", 2, "persistence", "Cron", "T1053.003")


class RcdModification(ReplacedFile):
    """TRC-1026: the System V startup scripts are changed."""

    event = "rcd_modification"
    needs = OPENED_RENAMED_EXECUTED
    path = re.compile(r"/etc/rc\.local|/etc/(rc[0-6S]?\.d|init\.d)/.+", re.DOTALL)
    programs = frozenset({"update-rc.d"})
    description = "The scripts that run at startup were changed, or a program was run that does it."
    properties = signature_properties("TRC-1026", 2, "persistence", "RC Scripts", "T1037.004")


class LdPreload(ReplacedFile):
    """TRC-107: libraries are preloaded into programs, by a file or by the environment.

    For an exec, ``env`` of the finding has only the variables that preload.
    """

    event = "ld_preload"
    needs = OPENED_RENAMED_EXECUTED
    environment = True
    path = re.compile(r"/etc/ld\.so\.preload", re.DOTALL)
    description = "Libraries were set to be loaded into programs before their own."
    properties = signature_properties(
        "TRC-107", 2, "persistence", "Hijack Execution Flow", "T1574.006"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return a change of the file, or an exec with such variables."""
        if event.event_name != EXECUTED:
            return super().on_event(event, args)
        variables = [item for item in args["env"] or () if item.startswith(PRELOADS)]
        return ({**args, "env": variables},) if variables else ()


class DefaultLoaderMod(ReplacedFile):
    """TRC-1012: the dynamic loader is changed."""

    event = "default_loader_mod"
    path = re.compile(
        r"(/usr)?/lib(|32|64|x32)/(.+/)?ld[-.](?=[^/]*\.so)[^/]*|/lib/ld-musl-[^/]*", re.DOTALL
    )
    description = "The loader of all dynamically linked programs was changed."
    properties = signature_properties(
        "TRC-1012", 3, "persistence", "Hijack Execution Flow", "T1574"
    )


class SudoersModification(ReplacedFile):
    """TRC-1028: the rules of sudo are changed."""

    event = "sudoers_modification"
    path = re.compile(r"/etc/sudoers|/etc/sudoers\.d/.+", re.DOTALL)
    description = "The rules of sudo were changed."
    properties = signature_properties(
        "TRC-1028", 2, "privilege-escalation", "Sudo and Sudo Caching", "T1548.003"
    )
