# SPDX-License-Identifier: Apache-2.0
"""Decoder of kernel records (bpf/lib/records.h).

RecordDecoder passes a record to the EventDecoder of its event, which has an ArgumentDecoder for
each argument.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct
from typing import Any, Final, TypeAlias

from .. import abi
from ..abi import (
    CONTAINER_ID_BYTES,
    FLAG_COMPAT,
    FLAG_NO_ARGUMENTS,
    FLAGS_CHANGED_SHIFT,
    HOOK_SLOTS,
    SLOT_CUT,
    SLOT_NULL,
    SLOT_STATE_SHIFT,
    SLOT_UNREADABLE,
    STDIN_INODE_SHIFT,
    SYSCALL_ARGUMENTS,
)
from ..containers.runtimes import NO_DESCRIPTION, Runtimes
from ..events.argument_types import decode_register, shape_of
from ..events.catalogue import (
    ArgumentDefinition,
    EventDefinition,
    all_events,
    compat_events,
    native_events,
)
from ..events.event import Argument, ContextFlags, TraceEvent
from ..events.shapes import Shape
from ..events.structures import given_structure
from ..strings import text_of
from .argument_text import argument_formatter, symbolic_type
from .compat_arguments import PAIRS, SUBCALL_NAMES
from .credentials import decode_credentials
from .sockaddr import decode_sockaddr
from .structures import structure_decoder

HEADER: Final = abi.HEADER.struct
EVENT_AT: Final = abi.HEADER.offset("event")
MASK_AT: Final = abi.HEADER.offset("mask")
FLAGS_AT: Final = abi.HEADER.offset("flags")
EVENT_INDEX: Final = abi.HEADER.index("event")
FLAGS_INDEX: Final = abi.HEADER.index("flags")
"""Indexes of the values that HEADER unpacks."""

NO_CONTAINER: Final = bytes(CONTAINER_ID_BYTES)

CUT: Final = "..."
"""Appended to a string that was cut, as strace does."""

INTERPRETER: Final = "interpreter_"
"""Prefix of the arguments about the ELF interpreter: all are null if an exec loads none.

See docs/design/tracee-v0.12-facts.md, 5.3.
"""

FILE_MODE_MASK: Final = 0xFFFF
"""Low bits of the slot of ``stdin_type``: the file type of ``i_mode``, a u16."""

FromData: TypeAlias = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class View:
    """Form of the values of events.

    ``clock_offset`` is added to boot time, both in ns.  With ``symbolic`` (parse-arguments),
    arguments have their symbolic form, such as O_RDONLY for 0.
    """

    clock_offset: int
    symbolic: bool


class RecordDecoder:
    """Decoder of all events of the kernel side.

    The arguments of ``raw_events`` (names) stay numbers, also with ``view.symbolic``.
    ``catalogue`` has the events of the run.
    """

    def __init__(
        self,
        view: View,
        runtimes: Runtimes | None = None,
        raw_events: Container[str] = frozenset(),
        catalogue: Mapping[str, EventDefinition] | None = None,
    ) -> None:
        self._view = view
        self._runtimes = runtimes or Runtimes()
        self._raw_events = raw_events
        events = all_events() if catalogue is None else catalogue
        self._by_id = {event.id: event for event in events.values()}
        self._decoders: dict[int, EventDecoder] = {}

    def __call__(self, record: bytes) -> TraceEvent:
        """Return the event of a record."""
        header = HEADER.unpack_from(record)
        number = header[EVENT_INDEX]
        decoder = self._decoders.get(number)
        if decoder is None:
            decoder = self._decoders[number] = self._decoder(self._by_id[number])
        compat = bool(header[FLAGS_INDEX] & FLAG_COMPAT)
        args, at_return = decoder.arguments(record, compat, header[FLAGS_INDEX])
        if header[FLAGS_INDEX] & FLAG_NO_ARGUMENTS:
            args = [Argument(arg.name, arg.type, None, True) for arg in args]
        event = self._event(header, decoder.event, args, compat)
        if at_return:
            event.args_changed = [argument.name for argument in at_return]
            event.args_at_return = at_return
        return event

    def set_offset(self, offset: int) -> None:
        """Set what is added to boot times (ns) from now on."""
        self._view = replace(self._view, clock_offset=offset)
        self._decoders.clear()

    def definition(self, number: int) -> EventDefinition:
        """Return the event that has a number."""
        return self._by_id[number]

    def _decoder(self, event: EventDefinition) -> EventDecoder:
        raw = event.name in self._raw_events
        return EventDecoder(event, replace(self._view, symbolic=False) if raw else self._view)

    def _event(
        self, header: tuple[Any, ...], event: EventDefinition, args: list[Argument], compat: bool
    ) -> TraceEvent:
        (time, retval, number, call, mask, start_time, cgroup, pid, tid, ppid, inner_pid,
         inner_tid, inner_ppid, uid, mntns, pidns, cpu, _, comm, uts, id_) = header  # fmt: skip
        container = "" if id_ == NO_CONTAINER else id_.hex()
        description = self._runtimes.describe(container) if container else NO_DESCRIPTION
        return TraceEvent(
            timestamp=time + self._view.clock_offset,
            thread_start_time=start_time + self._view.clock_offset,
            processor_id=cpu,
            process_id=inner_pid,
            cgroup_id=cgroup,
            thread_id=inner_tid,
            parent_process_id=inner_ppid,
            host_process_id=pid,
            host_thread_id=tid,
            host_parent_process_id=ppid,
            user_id=uid,
            mount_namespace=mntns,
            pid_namespace=pidns,
            process_name=_string(comm),
            host_name=_string(uts),
            container_id=container,
            container_image=description.image,
            container_name=description.name,
            pod_name=description.pod_name,
            pod_namespace=description.pod_namespace,
            pod_uid=description.pod_uid,
            pod_sandbox=description.pod_sandbox,
            event_id=str(number),
            event_name=event.name,
            matched_scopes=mask,
            args_num=sum(arg.value is not None for arg in args),
            return_value=retval,
            syscall=event.name if event.syscall else self._call_name(call, compat),
            stack_addresses=None,
            context_flags=CONTEXT_FLAGS[bool(container), compat],
            args=args,
        )

    def _call_name(self, number: int, compat: bool) -> str:
        if compat and number in SUBCALL_NAMES:
            return SUBCALL_NAMES[number]
        if compat:
            event = self._by_id.get(compat_events().get(number, -1))
        else:
            event = self._by_id.get(native_events().get(number, -1))
        return event.name if event else ""


CONTEXT_FLAGS: Final = {
    (in_container, compat): ContextFlags(container_started=in_container, is_compat=compat)
    for in_container in (False, True)
    for compat in (False, True)
}
"""Flags by (in_container, compat); Tracee's name of the first is containerStarted."""


class EventDecoder:
    """Decoder of the arguments of one event, prepared once."""

    def __init__(self, event: EventDefinition, view: View) -> None:
        self.event = event
        self._slots = Struct(f"={slots_of(event)}Q")
        self._data = HEADER.size + self._slots.size
        self._arguments = [ArgumentDecoder(event, argument, view) for argument in event.args]
        self._finish = FINISHERS.get(event.name)

    def arguments(
        self, record: bytes, compat: bool, flags: int = 0
    ) -> tuple[list[Argument], list[Argument]]:
        """Return the arguments of a record, and the values at the return of those that changed."""
        slots = self._slots.unpack_from(record, HEADER.size)
        at, values, at_return = self._data, [], []
        changed = flags >> FLAGS_CHANGED_SHIFT
        for index, (decoder, slot) in enumerate(zip(self._arguments, slots, strict=False)):
            argument, at = decoder.decode(slot, record, at, compat)
            values.append(argument)
            if changed >> index & 1:
                (later,) = SLOT.unpack_from(record, at)
                argument, at = decoder.decode(later, record, at + SLOT.size, compat)
                at_return.append(argument)
        if self._finish:
            self._finish(values, slots)
        return values, at_return


def slots_of(event: EventDefinition) -> int:
    """Return the number of slots in the record of an event."""
    if event.hook is not None:
        return len(event.args)
    if event.declaration:
        return HOOK_SLOTS
    return SYSCALL_ARGUMENTS if event.syscall else len(event.args)


class ArgumentDecoder:
    """Decoder of one argument: a number in its slot, or bytes after the slots.

    The slot of bytes has their length, and a state (SLOT_NULL, ...) from bit SLOT_STATE_SHIFT.
    """

    def __init__(self, event: EventDefinition, argument: ArgumentDefinition, view: View) -> None:
        self._argument = argument
        self._shape = shape_of(event.name, argument)
        self._from_data = data_decoder(event.name, argument)
        # In other events a long is the kernel's own.
        self._is_whole = not event.syscall or argument.name in PAIRS.get(event.name, ())
        self._formatter = argument_formatter(event.name, argument) if view.symbolic else None
        self._type = symbolic_type(event.name, argument) if view.symbolic else argument.type
        self._added = view.clock_offset if (event.name, argument.name) in TIMES else 0

    def decode(self, slot: int, record: bytes, at: int, compat: bool) -> tuple[Argument, int]:
        """Return the argument, and the offset of the next argument's bytes."""
        name, type_ = self._argument.name, self._argument.type
        if self._from_data is None:
            value = decode_register(self._shape, slot, compat=compat and not self._is_whole)
            value += self._added
            if self._shape is Shape.BOOL:
                return Argument(name, type_, bool(value)), at
            if self._formatter is None:
                return Argument(name, type_, value), at
            return Argument(name, self._type, self._formatter(value)), at
        state, end = slot >> SLOT_STATE_SHIFT, at + (slot & 0xFFFFFFFF)
        if state == SLOT_NULL:
            return Argument(name, type_, None), at
        if state == SLOT_UNREADABLE:
            return Argument(name, type_, None, True), end
        value = self._from_data(record[at:end])
        if self._formatter:
            value = self._formatter(value)
        return Argument(name, type_, _with_ellipsis(value) if state == SLOT_CUT else value), end


def _string(data: bytes) -> str:
    return text_of(data.split(b"\0", 1)[0])


def _strings(data: bytes) -> list[str]:
    return [text_of(text) for text in data.split(b"\0")[:-1]]


def _int_pair(data: bytes) -> list[int]:
    return list(INT_PAIR.unpack(data))


def _address(data: bytes) -> str:
    return inet_ntop(AF_INET if len(data) == IPV4_BYTES else AF_INET6, data)


IPV4_BYTES: Final = 4


def _numbers(element: str) -> FromData:
    """Return a decoder of numbers in a format of the module ``struct``."""
    number = Struct(f"={element}")
    return lambda data: [value for (value,) in number.iter_unpack(data)]


def _with_ellipsis(value: Any) -> Any:
    return value + CUT if isinstance(value, str) else [*value, CUT]


SLOT: Final = Struct("=Q")
INT_PAIR: Final = Struct("=2i")
FROM_DATA: Final[Mapping[Shape, FromData]] = {
    Shape.STRING: text_of,
    Shape.STRING_ARRAY: _strings,
    Shape.SOCKADDR: decode_sockaddr,
    Shape.INT_PAIR: _int_pair,
    Shape.BYTES: bytes,
    Shape.ADDRESS: _address,
    Shape.CREDENTIALS: decode_credentials,
}


def data_decoder(event_name: str, argument: ArgumentDefinition) -> FromData | None:
    """Return the decoder of the bytes of an argument; None for a number in its slot."""
    shape = shape_of(event_name, argument)
    if shape is Shape.NUMBERS:
        return _numbers(argument.element)
    if shape is Shape.GIVEN_STRUCTURE:
        return structure_decoder(given_structure(event_name, argument.name))
    return FROM_DATA.get(shape)


TIMES: Final = frozenset({("sched_process_fork", "start_time")})
"""Arguments that are boot times, converted to the clock of timestamps."""


def finish_exec(arguments: list[Argument], slots: Sequence[int]) -> None:
    """Complete the arguments of sched_process_exec that depend on other arguments.

    Null interpreter_dev, _inode and _ctime if there is no interpreter, and name a stdin that has
    no path.
    """
    by_name = {argument.name: argument for argument in arguments}
    if by_name[INTERPRETER + "pathname"].value is None:
        for name in ("dev", "inode", "ctime"):
            by_name[INTERPRETER + name].value = None
    path = by_name["stdin_path"]
    if path.value == "":
        # This slot has the inode number, too, above the file type.
        slot = slots[arguments.index(by_name["stdin_type"])]
        path.value = nameless_file(slot & FILE_MODE_MASK, slot >> STDIN_INODE_SHIFT)


def nameless_file(mode: int, inode: int) -> str:
    """Return a name for a file whose path is empty.

    Pipes and sockets are named as in /proc.  Of directories, only a root has an empty path.  All
    other files get ``anon_inode`` and their inode number, where /proc has the kind
    (``anon_inode:[eventpoll]``).
    """
    if stat.S_ISDIR(mode):
        return "/"
    kinds = ((stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
    kind = next((name for test, name in kinds if test(mode)), "anon_inode")
    return f"{kind}:[{inode}]"


FINISHERS: Final = {"sched_process_exec": finish_exec}
