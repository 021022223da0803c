# SPDX-License-Identifier: Apache-2.0
"""What a signature is: the base class of those shipped and of plug-ins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from ..events.event import TraceEvent

Values: TypeAlias = Mapping[str, Any]
"""Arguments of an event by name; None where a value was not there or could not be read."""

Finding: TypeAlias = Mapping[str, Any]
"""The arguments of the event that a finding becomes: numbers, texts, booleans, lists of these."""


class Origin(Enum):
    """From where events are of interest to a signature (facts, section 3.10)."""

    ANY = "*"
    CONTAINER = "container"
    HOST = "host"


class Signature(ABC):
    """Looks at events of some kinds, and gives a finding for what it recognizes.

    A class names the ``event`` that its findings are, the events that it ``needs`` (others'
    findings, too), and from which ``origin``.  ``arguments`` declares those of its event as
    (type, name): of a finding they come first and in this order, and addresses among them
    are printed as such.  ``environment`` asks for the environment of executed programs: else
    ``env`` of sched_process_exec is None.  The rest describes it to users: ``version``,
    ``description``, and ``properties`` such as Severity (0 to 3), Category and Technique.
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
        """Give the findings of one event, mostly none; ``args`` are its arguments, raw.

        Neither may be changed.  What it raises is reported, counted, and no finding.
        """
