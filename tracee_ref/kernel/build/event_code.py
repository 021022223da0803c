# SPDX-License-Identifier: Apache-2.0
"""C text of the programs of declared events (bpf/events/hook_event.h).

For an event at a function there are two programs, as for one that is written by hand: ``on_NAME``
at the function, and ``put_NAME``, which fills the record.  Types and offsets are those of the
kernel's BTF; what a declaration names and the kernel lacks raises MissingTypeError, so
that nothing is compiled in vain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from ...events.argument_types import shape_of
from ...events.catalogue import ArgumentDefinition, all_events, compat_events, native_events
from ...events.declarations import (
    DYNAMIC_IDS,
    Conversion,
    HookArgument,
    HookDeclaration,
    HookType,
    Root,
    ValueSource,
)
from ...events.shapes import Shape
from .btf import Btf, Fields
from .event_roots import function_root, joined_root, syscall_root, tracepoint_root
from .structures import CREDENTIALS, FILES, REMOTE_SOCKETS, SOCKET_ADDRESSES, merged
from .value_reads import WORD_BYTES, Location, MissingTypeError, ValueReader

BYTES: Final = {Shape.INT32: 4, Shape.UINT32: 4, Shape.UINT16: 2, Shape.BOOL: 1}
"""Bytes of a slot that are decoded, if not all eight."""

STRING_CALLS: Final = {
    Conversion.STRING: "put_kernel_string(record, (char *){})",
    Conversion.USER_STRING: "put_user_string(record, (void *){})",
    Conversion.ANY_STRING: "put_any_string(record, {})",
}
LENGTH_CALLS: Final = {
    Conversion.BYTES: "put_memory(record, (void *){}, {}, false)",
    Conversion.USER_BYTES: "put_memory(record, (void *){}, {}, true)",
    Conversion.SOCKADDR: "put_bytes(record, (void *){}, {})",
}
STRUCTURE_CALLS: Final = {
    (Conversion.PATH, "file"): "put_file(record, (struct file *){})",
    (Conversion.PATH, "path"): "put_path_of(record, (struct path *){})",
    (Conversion.ENTRY_PATH, "dentry"): "put_entry(record, (struct dentry *){})",
    (Conversion.LOCAL_ADDRESS, "socket"): "put_local_address(record, (struct socket *){})",
    (Conversion.LOCAL_ADDRESS, "sock"): "put_sock_address(record, (struct sock *){})",
    (Conversion.REMOTE_ADDRESS, "socket"): "put_remote_address(record, (struct socket *){})",
    (Conversion.REMOTE_ADDRESS, "sock"): "put_peer_address(record, (struct sock *){})",
    (Conversion.DEVICE, "inode"): "device_of((struct inode *){})",
    (Conversion.DEVICE, "super_block"): "READ((struct super_block *){}, s_dev)",
    (Conversion.TIME, "inode"): "ctime_of((struct inode *){})",
    (Conversion.TIME, "timespec64"): "nanoseconds_of({})",
    (Conversion.CREDENTIALS, "cred"): "put_credentials(record, (struct cred *){})",
}
"""Functions of bpf/ that convert a structure, by its name."""

STRUCTURES: Final = frozenset(conversion for conversion, _ in STRUCTURE_CALLS)

IS_STRING: Final = frozenset((*STRING_CALLS, Conversion.PATH, Conversion.ENTRY_PATH))
"""Conversions whose strings are filtered in the kernel."""


class Level(NamedTuple):
    """C text that differs between the levels of programs (enum level in bpf/lib/records.h)."""

    context: str
    record: str
    set_string: str
    submit: str


TASK: Final = Level(
    "struct bpf_raw_tracepoint_args *ctx",
    "current_record()",
    "set_string(",
    "submit_hook(record)",
)
PROBE: Final = Level(
    "struct pt_regs *ctx",
    "record_at(LEVEL_PROBE)",
    "set_string_at(LEVEL_PROBE, ",
    "submit_hook_at(LEVEL_PROBE, record)",
)
CALL_TABLES: Final = (native_events, compat_events)

FIELDS: Final[dict[Conversion, Fields]] = {
    Conversion.LOCAL_ADDRESS: SOCKET_ADDRESSES,
    Conversion.REMOTE_ADDRESS: merged(SOCKET_ADDRESSES, REMOTE_SOCKETS),
    Conversion.CREDENTIALS: CREDENTIALS,
}
"""Structures that conversions read beyond those of every program."""


def identifier(declaration: HookDeclaration) -> str:
    """Return the name of an event in C; names of dynamic events are no identifiers."""
    name = declaration.name
    return name if re.fullmatch(r"\w+", name) else f"event_{declaration.id}"


def program_name(declaration: HookDeclaration) -> str:
    """Return the name of the program at the hook of an event."""
    whole = declaration.hook in (HookType.RAW_TRACEPOINT, HookType.SYSCALL_END)
    return f"{'report' if whole else 'on'}_{identifier(declaration)}"


def hook_points(declaration: HookDeclaration, btf: Btf) -> tuple[str, ...]:
    """Return the hook points of an event on this kernel; raises MissingTypeError.

    That the functions of events that a user declares exist was found before.
    """
    if declaration.id in DYNAMIC_IDS:
        return tuple(point[0] for point in declaration.points)
    if declaration.hook in (HookType.SYSCALL_END, HookType.RAW_TRACEPOINT):
        return tuple(point[0] for point in declaration.points)
    return tuple(_function(point, btf) for point in declaration.points)


def declared_fields(declarations: Iterable[HookDeclaration]) -> Fields:
    """Return the structures that the programs of events read beyond those of every program."""
    fields = FILES
    for declaration in declarations:
        for argument in declaration.arguments:
            fields = merged(fields, FIELDS.get(argument.conversion, {}))
    return fields


def conversion_defines(declarations: Iterable[HookDeclaration]) -> dict[str, str]:
    """Return the C constants that select the conversions which need structures of their own."""
    used = {argument.conversion for event in declarations for argument in event.arguments}
    return {f"CONVERT_{conversion.name}": "" for conversion in FIELDS if conversion in used}


def event_code(declaration: HookDeclaration, btf: Btf) -> str:
    """Return the C text of the programs of an event; raises MissingTypeError."""
    points = hook_points(declaration, btf)
    if declaration.hook is HookType.PROGRAM:
        return ""
    if declaration.hook is HookType.RAW_TRACEPOINT:
        return _raw_tracepoint(declaration, btf, points[0])
    if declaration.hook is HookType.SYSCALL_END:
        return _syscall_end(declaration, btf, points)
    return "\n".join(_at_function(declaration, btf, points[0]))


def _function(alternatives: Iterable[str], btf: Btf) -> str:
    for name in alternatives:
        if btf.function(name) is not None:
            return name
    raise MissingTypeError(f"the kernel function {' or '.join(alternatives)}")


def _at_function(declaration: HookDeclaration, btf: Btf, function: str) -> Iterator[str]:
    """Give the lines of the programs at a function, and of those that fill the record."""
    joined = declaration.hook is HookType.JOINED
    at_return = declaration.hook is HookType.KRETPROBE
    roots = partial(function_root, btf, function, at_return=at_return)
    yield from _start(declaration, ValueReader(btf, roots), PROBE.context, "start_hook")
    reader = ValueReader(btf, roots, _used_once(declaration))
    result = _result(btf, function) if at_return else ""
    level = PROBE._replace(submit="keep_hook(ctx, record)") if joined else PROBE
    yield from _filler(declaration, reader, level, result)
    if joined:
        yield from _joined_return(declaration, btf, function)


def _joined_return(declaration: HookDeclaration, btf: Btf, function: str) -> Iterator[str]:
    """Give the lines of the program at the return, and of the one that completes the record."""
    name = identifier(declaration)
    yield f"int return_{name}({PROBE.context})"
    yield "{"
    yield f"\tstart_return(ctx, {declaration.id});"
    yield "\treturn 0;"
    yield "}"
    reader = ValueReader(btf, partial(joined_root, btf, function))
    yield f"int end_{name}({PROBE.context})"
    yield "{"
    yield f"\tstruct hook_record *record = {PROBE.record};"
    yield "\tif (!record)"
    yield "\t\treturn 0;"
    yield f"\trecord->sent.header.retval = {_result(btf, function)};"
    lines = _fill(declaration.arguments, reader, PROBE, at_return=True)
    yield from (*reader.variables, *reader.pointers, *lines)
    yield f"\t{PROBE.submit};"
    yield "\treturn 0;"
    yield "}"


def _result(btf: Btf, function: str) -> str:
    """Return the C expression of what a function returns: 0 of void, a register if unknown."""
    prototype = btf.prototype(function)
    if prototype is None:
        return "function_result(ctx)"
    if not prototype.returns:
        return "0"
    reader = ValueReader(btf, partial(function_root, btf, function, at_return=True))
    return reader.number(reader.locate(ValueSource(Root.RETVAL.value)))


def _start(
    declaration: HookDeclaration, reader: ValueReader, context: str, start: str
) -> Iterator[str]:
    """Give the lines of a program that starts an event, if its condition holds."""
    yield f"int {program_name(declaration)}({context})"
    yield "{"
    yield from _condition(declaration, reader, "return 0;")
    yield f"\t{start}(ctx, {declaration.id});"
    yield "\treturn 0;"
    yield "}"


def _filler(
    declaration: HookDeclaration, reader: ValueReader, level: Level, result: str = ""
) -> Iterator[str]:
    """Give the lines of the program that fills the record of an event that matched."""
    yield f"int put_{identifier(declaration)}({level.context})"
    yield "{"
    lines = _fill(declaration.arguments, reader, level)
    yield from reader.variables
    yield f"\tstruct hook_record *record = {level.record};"
    yield "\tif (!record)"
    yield "\t\treturn 0;"
    if result:
        yield f"\trecord->sent.header.retval = {result};"
    yield from (*reader.pointers, *lines)
    yield f"\t{level.submit};"
    yield "\treturn 0;"
    yield "}"


def _raw_tracepoint(declaration: HookDeclaration, btf: Btf, point: str) -> str:
    roots = partial(tracepoint_root, btf, point)
    reader = ValueReader(btf, roots)
    if declaration.atomic:
        starter = ValueReader(btf, roots)
        start = _start(declaration, starter, TASK.context, "start_raw")
        return "\n".join((*start, *_filler(declaration, reader, TASK)))
    name = identifier(declaration)
    return "\n".join(
        (
            f"static __always_inline void put_{name}({TASK.context})",
            "{",
            *_report(declaration, reader),
            "}",
            f"AT_RAW_TRACEPOINT({name})",
        )
    )


def _syscall_end(declaration: HookDeclaration, btf: Btf, calls: Sequence[str]) -> str:
    name = identifier(declaration)
    reader = ValueReader(btf, partial(syscall_root, btf), _used_once(declaration))
    native, compat = (_is_one_of(_numbers(calls, table())) for table in CALL_TABLES)
    return "\n".join(
        (
            f"static __always_inline bool ends_{name}(u32 number, bool compat)",
            "{",
            f"\treturn compat ? {compat} : {native};",
            "}",
            f"static __always_inline void put_{name}"
            "(struct pt_regs *regs, bool compat, s64 returned)",
            "{",
            *_report(declaration, reader, "\trecord->sent.header.retval = returned;"),
            "}",
            f"AT_SYSCALL_END({name})",
        )
    )


def _numbers(calls: Iterable[str], table: Mapping[int, int]) -> list[int]:
    """Return the numbers of system calls in a table of numbers and ids of events."""
    ids = {all_events()[call].id for call in calls if call in all_events()}
    return [number for number, id_ in table.items() if id_ in ids]


def _is_one_of(numbers: Iterable[int]) -> str:
    return " || ".join(f"number == {number}" for number in numbers) or "false"


def _report(declaration: HookDeclaration, reader: ValueReader, *more: str) -> Iterator[str]:
    """Give the lines of a function that matches an event, fills its record and submits it."""
    yield from _condition(declaration, reader, "return;")
    passed = len(reader.variables)
    lines = _fill(declaration.arguments, reader, TASK)
    yield from reader.variables[passed:]
    yield f"\tstruct hook_record *record = start_record({declaration.id});"
    yield "\tif (!record)"
    yield "\t\treturn;"
    yield from (*more, *reader.pointers, *lines)
    yield "\tsubmit_hook(record);"


def _condition(declaration: HookDeclaration, reader: ValueReader, leave: str) -> list[str]:
    """Return the lines that leave a program if the condition of the event does not hold."""
    if declaration.condition is None:
        return []
    number = reader.number(reader.locate(declaration.condition))
    lines = [*reader.variables, *reader.pointers]
    reader.pointers = []
    return [*lines, f"\tif (!{number})", f"\t\t{leave}"]


def _fill(
    arguments: Sequence[HookArgument], reader: ValueReader, level: Level, *, at_return: bool = False
) -> list[str]:
    """Return the lines that set slots of a record, without those of variables and pointers.

    These precede: the verifier then follows fewer states than between paths.
    """
    lines: list[str] = []
    for index, argument in enumerate(arguments):
        if argument.at_return != at_return:
            continue
        text = slot_text(argument, reader)
        lines += reader.before
        reader.before = []
        if argument.conversion in IS_STRING:
            lines.append(f"\t{level.set_string}record, {index}, {text});")
        else:
            lines.append(f"\trecord->sent.slots[{index}] = {text};")
    return lines


def _used_once(declaration: HookDeclaration) -> frozenset[str]:
    """Return the roots that one argument is, without a path from there."""
    used = Counter[str]([declaration.condition.root] if declaration.condition else [])
    for argument in declaration.arguments:
        lengths = [argument.length] if isinstance(argument.length, ValueSource) else []
        for source in (*argument.sources, *lengths):
            path = argument.conversion is Conversion.PATH and source is not argument.length
            used[source.root] += 2 if source.steps or path else 1
    return frozenset(name for name, count in used.items() if count == 1)


def slot_text(argument: HookArgument, reader: ValueReader) -> str:
    """Return the C expression of an argument's slot, of the first source that the kernel has."""
    missing: list[str] = []
    for source in argument.sources:
        try:
            _converted(argument, reader.without_lines(), source)
        except MissingTypeError as error:
            missing.append(str(error))
        else:
            return _converted(argument, reader, source)
    raise MissingTypeError(" or ".join(dict.fromkeys(missing)))


def _converted(argument: HookArgument, reader: ValueReader, source: ValueSource) -> str:
    conversion = argument.conversion
    if conversion is Conversion.USER_STRING and str(source) == Root.PATH_ARGUMENT.value:
        return "put_path_argument(record)"
    at = reader.locate(source)
    if conversion is Conversion.STRING and reader.is_array(at):
        return f"put_string(&record->end, record->sent.data, (char *){reader.pointer(at)})"
    if call := STRING_CALLS.get(conversion):
        return call.format(reader.pointer(at))
    if call := LENGTH_CALLS.get(conversion):
        return call.format(reader.pointer(at), _length(argument, reader))
    if conversion in STRUCTURES:
        return _structure_call(argument, reader, at, source)
    return _number(argument, reader, at)


def _length(argument: HookArgument, reader: ValueReader) -> str:
    if isinstance(argument.length, int):
        return str(argument.length)
    assert argument.length is not None
    return reader.number(reader.locate(argument.length))


def _structure_call(
    argument: HookArgument, reader: ValueReader, at: Location, source: ValueSource
) -> str:
    struct, _ = reader.struct_at(at)
    call = STRUCTURE_CALLS.get((argument.conversion, struct))
    pointer = reader.pointer(at)
    if call is None:
        needed = [name for kind, name in STRUCTURE_CALLS if kind is argument.conversion]
        raise MissingTypeError(f"a struct {' or '.join(needed)} at {source}")
    text = call.format(pointer)
    return f"{pointer} ? {text} : SLOT_NULL" if argument.optional else text


def _number(argument: HookArgument, reader: ValueReader, at: Location) -> str:
    shape = shape_of("", ArgumentDefinition(argument.name, argument.type))
    text = reader.number(at, BYTES.get(shape, WORD_BYTES))
    return f"{text} & {argument.mask:#x}" if argument.mask else text
