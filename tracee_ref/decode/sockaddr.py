# SPDX-License-Identifier: Apache-2.0
"""Decoder of socket addresses into the text of their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from socket import AF_INET, AF_INET6, AF_UNIX, inet_ntop
from struct import Struct, error
from typing import Final

from ..events.names import values
from ..strings import text_of
from .flag_names import hexadecimal

FAMILY: Final = Struct("=H")
IN: Final = Struct("!2xH4s")
IN6: Final = Struct("!2xHI16s")
SCOPE: Final = Struct("=I")


def decode_sockaddr(data: bytes) -> dict[str, str]:
    """Return the fields of a ``struct sockaddr`` in the order of their names.

    An address that is cut short, or of a family that is not decoded, has its family only.
    Fewer than two bytes are no address: the result is empty.
    """
    if len(data) < FAMILY.size:
        return {}
    (number,) = FAMILY.unpack_from(data)
    family = {"sa_family": values("address_family").get(number, hexadecimal(number))}
    try:
        return family | FIELDS[number](data)
    except (KeyError, error):
        return family


def unix_fields(data: bytes) -> dict[str, str]:
    """Return the path; an abstract name starts with ``@`` in place of the NUL byte."""
    path = data[FAMILY.size :]
    if path.startswith(b"\0") and path.strip(b"\0"):
        return {"sun_path": "@" + text_of(path[1:].rstrip(b"\0"))}
    return {"sun_path": text_of(path.split(b"\0", 1)[0])}


def inet_fields(data: bytes) -> dict[str, str]:
    """Return address and port of IPv4."""
    port, address = IN.unpack_from(data)
    return {"sin_addr": inet_ntop(AF_INET, address), "sin_port": str(port)}


def inet6_fields(data: bytes) -> dict[str, str]:
    """Return the fields of IPv6; the scope id is the index of an interface, 0 if absent."""
    port, flow, address = IN6.unpack_from(data)
    (scope,) = SCOPE.unpack_from(data, IN6.size) if len(data) >= IN6.size + SCOPE.size else (0,)
    return {
        "sin6_addr": inet_ntop(AF_INET6, address),
        "sin6_flowinfo": str(flow),
        "sin6_port": str(port),
        "sin6_scopeid": str(scope),
    }


FIELDS: Final[Mapping[int, Callable[[bytes], dict[str, str]]]] = {
    AF_UNIX: unix_fields,
    AF_INET: inet_fields,
    AF_INET6: inet6_fields,
}
