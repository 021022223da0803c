"""What an event in JSON tells of its process by itself."""

from __future__ import annotations

from os import fsencode
from typing import Final

from model.facts import Container, Process
from model.filters import Binary

from .events_json import Traced

REPLACED: Final = "\ufffd"
"""Stands in JSON for bytes that are not UTF-8: such a text is not known (docs, section 4.3)."""

PROGRAM: Final = "executable"
"""Later versions of Tracee tell the program of every process."""


def program_of(event: Traced) -> Binary | None:
    """Return the program that the event itself names, without its mount namespace."""
    named = event.get(PROGRAM)
    path = named.get("path") if isinstance(named, dict) else None
    return Binary(fsencode(path)) if path and REPLACED not in path else None


def process_of(event: Traced, tracers: frozenset[int]) -> Process:
    """Return what is known; what the stream must tell besides is in ``lives``."""
    pid, container = event["hostProcessId"], event["containerId"]
    return Process(
        pid=pid,
        tid=event["hostThreadId"],
        uid=event["userId"],
        comm=fsencode(event["processName"]),
        uts=fsencode(event["hostName"]),
        mntns=event["mountNamespace"],
        pidns=event["pidNamespace"],
        container=Container(container) if container else None,
        tracer=pid in tracers,
    )
