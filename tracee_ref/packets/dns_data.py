# SPDX-License-Identifier: Apache-2.0
"""Contents of DNS records as text: as in zone files, but no final dot of names.

dnspython formats the types without compressed names.  It gets their bytes alone, so that it follows
no pointer.  All its types are loaded at import: what a record is must not depend on earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from socket import inet_ntoa
from struct import Struct, error
from typing import Final

import dns.exception
import dns.rdata
import dns.rdatatype
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from .dns_names import BadMessageError, NameReader

IN: Final = 1
CLASSES: Final = {IN: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}
OF_UPDATES: Final = (254, 255)
"""Classes of the records of an update that are removed or required, with contents of the zone's
class (RFC 2136, 2.4 and 2.5)."""

TYPES: Final = {int(kind): dns.rdatatype.to_text(kind) for kind in RdataType if int(kind)}
TYPES_BY_NAME: Final = {name: number for number, name in TYPES.items()}
A, OPT = TYPES_BY_NAME["A"], TYPES_BY_NAME["OPT"]
IPV4_BYTES: Final = 4

NAME: Final = "name"
NAMES: Final[Mapping[int, tuple[Struct | str, ...]]] = {
    TYPES_BY_NAME[kind]: layout
    for kinds, layout in (
        ("NS MD MF CNAME MB MG MR PTR DNAME", (NAME,)),
        ("SOA", (NAME, NAME, Struct("!5I"))),
        ("MINFO RP", (NAME, NAME)),
        ("MX AFSDB RT KX", (Struct("!H"), NAME)),
        ("PX", (Struct("!H"), NAME, NAME)),
        ("SRV", (Struct("!3H"), NAME)),
    )
    for kind in kinds.split()
}
"""Types whose names may be compressed (RFC 1035, 3597); their numbers and names."""

BITMAPS: Final = frozenset(TYPES_BY_NAME[kind] for kind in ("NSEC", "NSEC3", "CSYNC", "NXT"))
BITMAP_BYTES_MAX: Final = 512
"""Types with a set of types, 256 of which take 34 bytes: larger records are printed as hex."""

dns.rdata.load_all_types()  # type: ignore[no-untyped-call]
"""On demand, a type first seen in a class that lacks it would be unknown in all classes since."""

STYLE: Final = dns.rdata.RdataStyle(omit_final_dot=True)
PARSE_ERRORS: Final = (dns.exception.DNSException, ValueError, KeyError, IndexError, error)
"""Exceptions of dnspython for a malformed record."""


def type_name(number: int) -> str:
    """Return the name of a type, or TYPEn (RFC 3597)."""
    return TYPES.get(number) or f"TYPE{number}"


def class_name(number: int) -> str:
    """Return the name of a class, or CLASSn (RFC 3597)."""
    return CLASSES.get(number) or f"CLASS{number}"


def data_text(kind: int, class_: int, names: NameReader, start: int, end: int) -> str:
    """Return the content of a record, between two offsets of a message; raises BadMessageError."""
    data = names.message[start:end]
    if not data:  # as in updates (RFC 2136)
        return ""
    if class_ in OF_UPDATES:
        class_ = IN
    if class_ == IN and kind == A and len(data) == IPV4_BYTES:  # nearly all records
        return inet_ntoa(data)
    if kind in NAMES:
        return _with_names(NAMES[kind], names, start, end)
    if not _is_formatted(kind, class_, len(data)):
        return generic_text(data)
    try:
        pair = RdataClass.make(class_ if class_ in CLASSES else IN), RdataType.make(kind)
        return dns.rdata.from_wire(*pair, data, 0, len(data)).to_styled_text(STYLE)
    except PARSE_ERRORS as problem:
        raise BadMessageError(f"content of a record of type {type_name(kind)}") from problem


def _is_formatted(kind: int, class_: int, size: int) -> bool:
    """Return whether dnspython formats a record; the class of OPT is a size."""
    known = kind in TYPES and (class_ in CLASSES or kind == OPT)
    return known and (kind not in BITMAPS or size <= BITMAP_BYTES_MAX)


def _with_names(layout: tuple[Struct | str, ...], names: NameReader, start: int, end: int) -> str:
    values: list[str] = []
    at = start
    for field in layout:
        if isinstance(field, Struct):
            if at + field.size > end:
                raise BadMessageError("a record that is too short")
            values += map(str, field.unpack_from(names.message, at))
            at += field.size
        else:
            text, _, at = names.read(at)
            values.append(text)
    if at != end:
        raise BadMessageError("a record whose length is not that of its content")
    return " ".join(values)


def generic_text(data: bytes) -> str:
    r"""Return bytes as RFC 3597 writes unknown types: ``\# 4 0a000001``."""
    return rf"\# {len(data)} {data.hex()}"
