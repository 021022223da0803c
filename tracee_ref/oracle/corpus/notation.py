# SPDX-License-Identifier: Apache-2.0
"""Notation of the hand-written sources: facts, fields, flags, scopes."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from importlib import resources
from operator import or_
from typing import Any, Final

from ...events.catalogue import EventDefinition
from ...filters.flag import read_filter
from ...filters.parse import parse_filters
from ...host_namespace import resolve_host
from ...model.facts import Container, FieldValue, Process
from ...model.filters import Binary, EventField, Key
from ...model.scope import Scope
from ..protocol.encoding import Data
from ..protocol.facts import JSON_NAMES, value_data

HOST_INODE: Final = 4026531841
"""Mount namespace of process 1 in the vectors with ``host:``."""

PARTS: Final = ("args", "retval", "context")
FACT_NAMES: Final = {new: old for old, new in JSON_NAMES.items()}


def text_lines(name: str) -> Iterator[str]:
    """Return the lines of a source, without comments and empty lines."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.split("\n") if line and not line.startswith("#"))


def words(text: str) -> list[str]:
    """Split a text at spaces, except within double quotes."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape, lexer.quotes = True, "", "", '"'
    return list(lexer)


def commented(line: str) -> tuple[str, str]:
    """Return a line without its comment, and the comment."""
    text, _, comment = f"{line} ".partition(" # ")
    return text, comment.strip()


def text_bytes(text: str) -> bytes:
    r"""Return the bytes of a text of ASCII and ``\xff``."""
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


def flag_texts(flags: Iterable[str]) -> list[str]:
    r"""Return flags decoded as ``sys.argv``."""
    return [text_bytes(flag).decode(errors="surrogateescape") for flag in flags]


def bits(scopes: str) -> int:
    """Return the mask of a list of scopes; ``-`` and nothing are none."""
    return reduce(or_, (1 << (int(number) - 1) for number in scopes.split() if number != "-"), 0)


def complete(
    flags: Iterable[str], events: str, catalogue: Mapping[str, EventDefinition]
) -> list[str]:
    """Return the flags, with an ``event=`` for each scope without ``event`` and ``set``.

    Such a scope selects the events of its filters, or else `events`.
    """
    given = [*flags]
    filters = [read_filter(flag, catalogue) for flag in flag_texts(given)]
    chosen: dict[int, set[str]] = {filter_.flag.scope: set() for filter_ in filters} or {1: set()}
    for filter_ in filters:
        keys = (condition.key for condition in filter_.conditions)
        chosen[filter_.flag.scope] |= {key.event for key in keys if isinstance(key, EventField)}
    for filter_ in filters:
        if filter_.kind.name in ("event", "set"):
            chosen.pop(filter_.flag.scope, None)
    added = ((number, ",".join(sorted(names)) or events) for number, names in chosen.items())
    return [*given, *(f"{number}:event={names}" for number, names in sorted(added))]


def read_flags(flags: Iterable[str], catalogue: Mapping[str, EventDefinition]) -> tuple[Scope, ...]:
    """Parse flags; replace ``host:`` by ``HOST_INODE``."""
    return resolve_host(parse_filters(flag_texts(flags), catalogue), HOST_INODE)


def split_facts(given: Iterable[str]) -> tuple[str, list[str], list[str]]:
    """Split words into event name (or empty), facts of the process, and fields."""
    name, facts, fields = "", [], []
    for word in given:
        head = word.partition("=")[0]
        if head.partition(".")[0] in PARTS:
            fields.append(word)
        elif "=" in word or word in ("new", "tracer"):
            facts.append(word)
        else:
            name = word
    return name, facts, fields


def read_facts(facts: Iterable[str]) -> dict[str, Any]:
    """Parse facts into arguments of ``Process``."""
    pairs = (word.partition("=")[::2] for word in facts)
    return {FACT_NAMES.get(name, name): _fact(name, value) for name, value in pairs}


def _fact(name: str, text: str) -> Any:
    if name in ("new", "tracer"):
        return True
    if name in (Key.COMM.value, Key.UTS.value):
        return text_bytes(text)
    if name == "ancestors":
        return frozenset(map(int, text.split(",")))
    if name == "followed":
        return bits(text.replace(",", " "))
    readers = {"binary": read_binary, "container": read_container}
    return readers.get(name, int)(text)


def read_binary(text: str) -> Binary:
    """Parse ``INODE:/PATH``."""
    inode, _, path = text.partition(":")
    return Binary(text_bytes(path), int(inode))


def read_container(text: str) -> Container | None:
    """Parse ``ID`` or ``ID,new``; return None for ``-``."""
    prefix, _, new = text.partition(",")
    return None if prefix == "-" else Container(prefix, new == "new")


def field_data(word: str) -> Data:
    """Encode a field.

    ``args.flags=#0:O_RDONLY``, ``retval=#-2``, ``args.x=?`` (unreadable), ``args.x=a>>b`` (``b`` at
    the return).
    """
    head, _, value = word.partition("=")
    part, _, name = head.partition(".")
    key = {"part": part, "name": name}
    return key | ({"unread": True} if value == "?" else value_data(read_value(value)))


def read_value(text: str) -> FieldValue:
    """Parse the value of a field."""
    value, changed, later = text.partition(">>")
    at_return = read_value(later) if changed else None
    if not value.startswith("#"):
        return FieldValue(text_bytes(value), text_bytes(value), at_return)
    number, _, printed = value[1:].partition(":")
    return FieldValue(int(number), (printed or number).encode(), at_return)


def make_process(facts: Iterable[str]) -> Process:
    """Return a process with some facts."""
    return Process(**read_facts(facts))
