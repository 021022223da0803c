# SPDX-License-Identifier: Apache-2.0
"""Base class of the built-in signatures and of plug-ins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from ..events.event import TraceEvent

Values: TypeAlias = Mapping[str, Any]
"""Arguments of an event by name; None if a value is absent or could not be read."""

Finding: TypeAlias = Mapping[str, Any]
"""Arguments of the finding's event: numbers, strings, booleans, lists and mappings of these."""


class Origin(Enum):
    """Origin of the events that a signature gets (docs/design/tracee-v0.12-facts.md, 3.10)."""

    ANY = "*"
    CONTAINER = "container"
    HOST = "host"


class Signature(ABC):
    """Detector of a behaviour in events.

    ``event`` is the name of the findings; ``needs`` are the events to look at, among them findings
    of other signatures, and ``origin`` restricts these.  ``arguments`` declares arguments of the
    findings as (type, name): they come first, in this order, and addresses are printed as
    such.  Without ``environment`` the ``env`` argument of sched_process_exec is None.  For users
    there are ``version``, ``description``, ``tags``, and ``properties`` such as Severity (0 to 3),
    Category and Technique.
    """

    event: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    origin: ClassVar[Origin] = Origin.ANY
    arguments: ClassVar[tuple[tuple[str, str], ...]] = ()
    environment: ClassVar[bool] = False
    version: ClassVar[str] = "1"
    description: ClassVar[str] = ""
    tags: ClassVar[tuple[str, ...]] = ()
    properties: ClassVar[Mapping[str, Any]] = {}

    @abstractmethod
    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the findings of an event; ``args`` are its raw arguments by name.

        Must change neither.  Exceptions are reported and counted.
        """


def signature_properties(
    id_: str, severity: int, category: str, technique: str, external_id: str
) -> Mapping[str, Any]:
    """Return ``properties`` with the names of Tracee v0.12.

    ``severity`` is 0 to 3; ``category``, ``technique`` and its ``external_id`` are those of MITRE
    ATT&CK.
    """
    return {
        "id": id_,
        "Severity": severity,
        "Category": category,
        "Technique": technique,
        "external_id": external_id,
    }
