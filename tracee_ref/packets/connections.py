# SPDX-License-Identifier: Apache-2.0
"""TCP connections and their messages, within limits of number, age and memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from .headers import Packet
from .messages import Message, MessageReader
from .streams import Piece, Stream
from .types import Tcp

STREAMS_MAX: Final = 4096
"""Directions of connections; a further one makes us forget the one without packets for longest."""

BUFFERED_BYTES_MAX: Final = 32 << 20
"""Bytes of incomplete messages, and of segments that wait for others, in all streams."""

IDLE_NS: Final = 120 * 10**9
"""Time without packets after which a stream is forgotten."""

Key = tuple[int, bool, str, int, str, int]
"""Stream number, direction of travel, addresses and ports."""

Source = TypeVar("Source")
"""What a message comes from: the event of its last packet."""


@dataclass(slots=True)
class Tracked(Generic[Source]):
    """A stream and its readers; ``source`` and ``time`` are of its last packet."""

    stream: Stream
    readers: Sequence[MessageReader]
    source: Source
    time: int
    buffered: int = 0

    def begin(self) -> Iterator[Message]:
        """Begin a connection; yield the messages of the last one that this cuts."""
        for reader in self.readers:
            yield from reader.close()
            reader.begin()

    def feed(self, pieces: Iterable[Piece]) -> Iterator[Message]:
        """Yield the messages that pieces complete."""
        for piece in pieces:
            for reader in self.readers:
                yield from reader.feed(piece)

    def close(self) -> Iterator[Message]:
        """Yield the messages that the end of the stream cuts."""
        self.stream.closed = True
        for reader in self.readers:
            yield from reader.close()

    def is_reset(self, packet: Packet, header: Tcp) -> bool:
        """Return whether a packet with RST ends the stream: anyone can send one."""
        return not packet.incoming or self.stream.resets(header.seq)

    def count_buffered(self) -> int:
        """Count the buffered bytes; return by how many they became more."""
        before = self.buffered
        self.buffered = self.stream.waiting_bytes + sum(reader.buffered for reader in self.readers)
        return self.buffered - before


Found = tuple[Source, Message]
"""A message and its source."""


class Connections(Generic[Source]):
    """All connections of a run.

    ``make_readers`` returns the readers of a new stream, from its first packet and the readers of
    the other direction.
    """

    def __init__(
        self,
        make_readers: Callable[[Packet, Sequence[MessageReader]], Sequence[MessageReader]],
    ) -> None:
        self._make_readers = make_readers
        self._streams: OrderedDict[Key, Tracked[Source]] = OrderedDict()
        self._buffered = 0

    def read(self, packet: Packet, source: Source, time: int) -> Iterator[Found[Source]]:
        """Yield the messages that a packet completes or ends, each with its source.

        That is ``source``, or what was given for the last packet of a stream that is forgotten.
        """
        header = packet.transport
        if not isinstance(header, Tcp):
            return
        tracked, peer = self._streams_of(packet, header, source, time)
        if tracked:
            yield from ((source, message) for message in _advance(tracked, packet, header))
        if peer:
            yield from ((source, message) for message in _answer(peer, packet, header))
        for each in filter(None, (tracked, peer)):
            self._buffered += each.count_buffered()
        yield from self._forget_some(time)

    def finish(self) -> Iterator[Found[Source]]:
        """Yield the messages that the end of the run cuts."""
        while self._streams:
            yield from self._forget()

    def _streams_of(
        self, packet: Packet, header: Tcp, source: Source, time: int
    ) -> tuple[Tracked[Source] | None, Tracked[Source] | None]:
        """Return the stream of a packet, if there is something in it, and the opposite one."""
        network = packet.network
        ends = network.src_ip, header.src_port, network.dst_ip, header.dst_port
        key = packet.stream, packet.incoming, *ends
        opposite = packet.stream, not packet.incoming, *ends[2:], *ends[:2]
        tracked, peer = self._streams.get(key), self._streams.get(opposite)
        if tracked is None and (header.syn or packet.payload_size):
            readers = self._make_readers(packet, peer.readers if peer else ())
            tracked = self._streams[key] = Tracked(Stream(), readers, source, time)
        if tracked:
            tracked.source, tracked.time = source, time
            self._streams.move_to_end(key)
        return tracked, peer

    def _forget_some(self, time: int) -> Iterator[Found[Source]]:
        while self._streams and (
            len(self._streams) > STREAMS_MAX
            or self._buffered > BUFFERED_BYTES_MAX
            or time - next(iter(self._streams.values())).time > IDLE_NS
        ):
            yield from self._forget()

    def _forget(self) -> Iterator[Found[Source]]:
        _, tracked = self._streams.popitem(last=False)
        self._buffered -= tracked.buffered
        yield from ((tracked.source, message) for message in tracked.close())


def _advance(tracked: Tracked[Any], packet: Packet, header: Tcp) -> Iterator[Message]:
    """Yield the messages that a packet completes in its stream."""
    stream = tracked.stream
    if header.syn and stream.begin(header.seq):
        yield from tracked.begin()
    start = header.seq + header.syn
    if packet.payload_size and not stream.closed:
        yield from tracked.feed(stream.add(start, Piece(packet.payload, packet.payload_size)))
    if header.fin:
        stream.finish(start + packet.payload_size)
    if stream.ended() or (header.rst and tracked.is_reset(packet, header)):
        yield from tracked.close()


def _answer(peer: Tracked[Any], packet: Packet, header: Tcp) -> Iterator[Message]:
    """Yield the messages of the opposite stream that a packet ends."""
    if header.ack_flag and peer.stream.reopened(header.ack):
        yield from peer.begin()
    elif header.ack_flag:
        yield from peer.feed(peer.stream.acknowledge(header.ack))
    if peer.stream.ended() or (header.rst and not packet.incoming):
        yield from peer.close()
