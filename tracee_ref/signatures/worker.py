# SPDX-License-Identifier: Apache-2.0
"""Loop of the process of a plug-in signature: events in, findings and errors out."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Mapping
from mmap import mmap
from socket import socket
from struct import Struct
from typing import Any, Final

import msgspec

from ..events.event import TraceEvent
from .base import Finding, Signature
from .contained import LENGTH, frame
from .description import SignatureInfo, error_line, name_of, plain
from .sources import Source

FINDINGS_MAX: Final = 1000
"""Findings of one event; a signature that gives more is dropped."""

FINDINGS_BYTES_MAX: Final = 1 << 20
"""Size of the findings of one event; larger ones are an error."""

PROGRESS: Final = Struct("=Q?")
"""Number of events that are done, and whether the signature is made; the tracer reads it."""

SURROGATES: Final = 1
"""Code of a msgpack extension: a string that has bytes which are no UTF-8."""


class Value(msgspec.Struct, array_like=True):
    """An argument of a finding; of a ``copied`` one the tracer has the value."""

    name: str
    copied: bool
    value: Any = None


class Answer(msgspec.Struct, array_like=True):
    """What came of an event; ``fatal`` if the signature is to be dropped for its error."""

    number: int
    findings: list[list[Value]] = []
    error: str = ""
    fatal: bool = False


class EndlessFindingsError(Exception):
    """More than FINDINGS_MAX findings of one event."""


def serve(source: Source, description: SignatureInfo, progress: mmap, channel: socket) -> None:
    """Load the signature of a description, and answer events until the end."""
    own = os.getpid()
    names = description.name, description.event
    kind = next(kind for kind in source.load() if (kind.__name__, kind.event) == names)
    signature, number = kind(), 0
    PROGRESS.pack_into(progress, 0, number, True)
    stream = channel.makefile("rb")
    while head := stream.read(LENGTH.size):
        for event in pickle.loads(stream.read(*LENGTH.unpack(head))):
            answer = answer_to(signature, event, number)
            if os.getpid() != own:
                os._exit(0)  # a child that the signature forked
            if answer.findings or answer.error:
                channel.sendall(frame(encoded(answer)))
            if answer.fatal:
                return
            number += 1
            PROGRESS.pack_into(progress, 0, number, True)


def answer_to(signature: Signature, event: TraceEvent, number: int) -> Answer:
    """Return what a signature makes of an event, whatever it raises."""
    args = {argument.name: argument.value for argument in event.args}
    answer = Answer(number)
    try:
        answer.findings = checked(signature.on_event(event, dict(args)), args)
    except EndlessFindingsError:
        answer.error, answer.fatal = f"more than {FINDINGS_MAX} findings of one event", True
    except BaseException as error:
        answer.error = error_line(error)
    return answer


def checked(findings: Iterable[Finding], args: Mapping[str, Any]) -> list[list[Value]]:
    """Return findings as values; raises TypeError for what cannot be printed."""
    found: list[list[Value]] = []
    for finding in findings:
        if len(found) == FINDINGS_MAX:
            raise EndlessFindingsError
        if not isinstance(finding, Mapping):
            raise TypeError(f"a finding must map names to values, not {finding!r:.100}")
        found.append([value_of(name, value, args) for name, value in finding.items()])
    return found


def value_of(name: object, value: object, args: Mapping[str, Any]) -> Value:
    """Return an argument of a finding; raises TypeError if it cannot be printed."""
    try:
        text = name_of(name)
    except TypeError as error:
        raise TypeError(f"a finding must map names to values: {error}") from None
    if text in args and args[text] is value:
        return Value(text, True)
    try:
        return Value(text, False, plain(value))
    except (TypeError, RecursionError) as error:
        raise TypeError(f"{text} of a finding cannot be printed: {error}") from None


def encoded(answer: Answer) -> bytes:
    """Return an answer as msgpack; that of an error if it cannot be, or is too large."""
    try:
        data = encode(answer)
    except (UnicodeError, MemoryError, RecursionError) as error:
        return encode(Answer(answer.number, error=f"a finding cannot be sent: {error_line(error)}"))
    if len(data) > FINDINGS_BYTES_MAX:
        reason = f"findings of one event have more than {FINDINGS_BYTES_MAX} bytes"
        return encode(Answer(answer.number, error=reason))
    return data


def encode(answer: Answer) -> bytes:
    """Return an answer as msgpack; raises UnicodeError for names that are no UTF-8."""
    try:
        return msgspec.msgpack.encode(answer)
    except UnicodeEncodeError:
        for value in (value for finding in answer.findings for value in finding):
            value.value = sendable(value.value)
        answer.error = answer.error.encode(errors="backslashreplace").decode()
        return msgspec.msgpack.encode(answer)


def sendable(value: Any) -> Any:
    """Return a value with strings as extensions where they have bytes that are no UTF-8."""
    if isinstance(value, str) and not value.isascii():
        return msgspec.msgpack.Ext(SURROGATES, value.encode(errors="surrogatepass"))
    if isinstance(value, dict):
        return {name: sendable(item) for name, item in value.items()}
    return [*map(sendable, value)] if isinstance(value, list) else value


def received_string(_code: int, data: memoryview) -> str:
    """Return the string of an extension; raises UnicodeError."""
    return bytes(data).decode(errors="surrogatepass")
