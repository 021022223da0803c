# SPDX-License-Identifier: Apache-2.0
"""Loader of plug-in signatures; their code runs in a contained process."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

import msgspec

from .contained import ContainedProcess, Received, frame
from .description import SignatureInfo, describe, error_line
from .sources import Source

LOAD_SECONDS: Final = 10.0
"""Time for executing a file or importing an entry point, and making its signatures."""

RECEIVE_BYTES: Final = 1 << 18

Warn: TypeAlias = Callable[[str], None]
"""Logs a line about what could not be loaded."""


class Loaded(msgspec.Struct):
    """Answer of the process: descriptions, and lines about the classes that have none."""

    descriptions: list[SignatureInfo]
    problems: list[str]


class LoadError(Exception):
    """The code of a source did not come to an end."""


def load(sources: Iterable[Source], warn: Warn) -> Iterator[tuple[Source, SignatureInfo]]:
    """Yield the signatures of sources; warn about what cannot be loaded."""
    for source in sources:
        try:
            loaded = load_contained(source)
        except (LoadError, ValueError, msgspec.MsgspecError) as error:
            warn(f"{source}: not loaded: {error}")
            continue
        for problem in loaded.problems:
            warn(problem)
        for description in loaded.descriptions:
            yield source, description


def load_contained(source: Source) -> Loaded:
    """Load a source in a process; raises LoadError, ValueError or MsgspecError."""
    process = ContainedProcess(partial(answer, source), f"signatures of {source}")
    try:
        return msgspec.msgpack.decode(receive(process), type=Loaded)
    finally:
        process.kill()


def receive(process: ContainedProcess) -> bytes:
    """Return the only frame of a process; raises LoadError if it ends or takes too long."""
    received, deadline = Received(), time.monotonic() + LOAD_SECONDS
    poll = select.poll()
    poll.register(process.socket, select.POLLIN)
    while time.monotonic() < deadline:
        if not poll.poll(1000 * LOAD_SECONDS):
            continue
        data = process.socket.recv(RECEIVE_BYTES)
        for answered in received.frames(data):
            return answered
        if not data:
            raise LoadError(end_of(process))
    raise LoadError(f"it took more than {LOAD_SECONDS:.0f} s")


def end_of(process: ContainedProcess) -> str:
    """Return how a process that closed its socket ended."""
    deadline = time.monotonic() + 1
    while not (reason := process.ended()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return reason or "it closed its socket"


def answer(source: Source, channel: socket.socket) -> None:
    """Send the descriptions of the signatures of a source."""
    loaded = Loaded([], [])
    try:
        for kind in source.load():
            try:
                kind()
                loaded.descriptions.append(describe(kind))
            except BaseException as error:
                problem = f"signature {kind.__name__}: not added: {error_line(error)}"
                loaded.problems.append(problem)
    except BaseException as error:
        loaded.problems.append(f"{source}: not loaded: {error_line(error)}")
    channel.sendall(frame(msgspec.msgpack.encode(loaded)))
