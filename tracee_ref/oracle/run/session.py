# SPDX-License-Identifier: Apache-2.0
"""Session with a consumer: one case at a time, with an outcome for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..protocol.encoding import Data, FormatError
from ..protocol.messages import (
    Hello,
    ProtocolError,
    case_line,
    hello_line,
    read_hello,
    read_line,
    read_reply,
)
from ..protocol.vector import Vector
from .compare import difference
from .consumer import Consumer, ConsumerBrokenError


class CaseVerdict(str, Enum):
    """CaseVerdict on the answer to a case."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    SKIPPED = "skipped"
    ERRORED = "errored"


@dataclass(frozen=True)
class Outcome:
    """The verdict on a case, with the reason if it is not ``agreed``."""

    vector: Vector
    verdict: CaseVerdict
    reason: str = ""
    answer: Data = None


@dataclass(frozen=True)
class Limits:
    """Limits of a consumer: seconds to start and for a case, and number of restarts."""

    start: float = 30.0
    case: float = 10.0
    restarts: int = 3


@dataclass
class Session:
    """A context manager of a consumer that restarts it after a failure.

    After a crash, a timeout or an invalid line, its next line could belong to any case.
    """

    argv: Sequence[str]
    catalogue: Sequence[Data]
    limits: Limits = field(default_factory=Limits)
    hello: Hello | None = None
    notes: list[str] = field(default_factory=list)
    _consumer: Consumer | None = None
    _starts: int = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        self._discard()

    def outcomes(self, vectors: Iterable[Vector]) -> Iterator[Outcome]:
        """Yield the outcome of each case, then let the consumer exit."""
        for vector in vectors:
            yield self.ask(vector)
        if self._consumer is not None and (note := self._consumer.end()):
            self.notes.append(f"after the last case: {note}")

    def ask(self, vector: Vector) -> Outcome:
        """Send one case and return its outcome; no failure counts as agreement."""
        try:
            consumer, hello = self._running()
            if missing := hello.missing_features(vector):
                return Outcome(vector, CaseVerdict.SKIPPED, f"not declared: {', '.join(missing)}")
            reply = consumer.ask(case_line(vector), self.limits.case)
            return outcome_of(vector, read_reply(read_line(reply), vector.id))
        except (ConsumerBrokenError, ProtocolError) as error:
            self._discard()
            return Outcome(vector, CaseVerdict.ERRORED, str(error))

    def _running(self) -> tuple[Consumer, Hello]:
        if self._consumer is not None and self.hello is not None:
            return self._consumer, self.hello
        if self._starts > self.limits.restarts:
            raise ConsumerBrokenError(f"not sent: the consumer failed {self._starts} times before")
        self._starts += 1
        self._consumer = Consumer(self.argv)
        self.hello = self._greet(self._consumer)
        return self._consumer, self.hello

    def _greet(self, consumer: Consumer) -> Hello:
        reply = consumer.ask(hello_line(self.catalogue), self.limits.start)
        return read_hello(read_line(reply))

    def _discard(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = None


def outcome_of(vector: Vector, reply: dict[str, Data]) -> Outcome:
    """Return the outcome of a reply."""
    if reply["type"] != "answer":
        return Outcome(vector, CaseVerdict(reply["type"]), reply["reason"])
    try:
        wrong = difference(vector.kind, vector.expect, reply)
    except FormatError as error:
        return Outcome(vector, CaseVerdict.ERRORED, str(error), reply)
    return Outcome(vector, CaseVerdict.DISAGREED if wrong else CaseVerdict.AGREED, wrong, reply)
