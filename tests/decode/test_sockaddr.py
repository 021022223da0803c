# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoder of socket addresses."""

from __future__ import annotations

import socket
import struct

import pytest

from tracee_ref.decode.sockaddr import decode_sockaddr

IN = struct.pack("=H", socket.AF_INET) + struct.pack("!H", 80) + bytes([1, 2, 3, 4]) + bytes(8)
IN6 = (
    struct.pack("=H", socket.AF_INET6)
    + struct.pack("!HI", 443, 5)
    + socket.inet_pton(socket.AF_INET6, "fe80::1")
    + struct.pack("=I", 2)
)
UNIX = struct.pack("=H", socket.AF_UNIX)
V6 = {"sin6_flowinfo": "5", "sin6_port": "443"}


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (IN, {"sa_family": "AF_INET", "sin_addr": "1.2.3.4", "sin_port": "80"}),
        (IN[:8], {"sa_family": "AF_INET", "sin_addr": "1.2.3.4", "sin_port": "80"}),
        (IN[:7], {"sa_family": "AF_INET"}),
        (IN6, {"sa_family": "AF_INET6", "sin6_addr": "fe80::1", "sin6_scopeid": "2"} | V6),
        (IN6[:24], {"sa_family": "AF_INET6", "sin6_addr": "fe80::1", "sin6_scopeid": "0"} | V6),
        (IN6[:20], {"sa_family": "AF_INET6"}),
        (UNIX + b"/run/x\0rest", {"sa_family": "AF_UNIX", "sun_path": "/run/x"}),
        (UNIX + b"/\xff", {"sa_family": "AF_UNIX", "sun_path": "/\ufffdff"}),
        (UNIX + b"\0name\0\0", {"sa_family": "AF_UNIX", "sun_path": "@name"}),
        (UNIX + bytes(108), {"sa_family": "AF_UNIX", "sun_path": ""}),
        (UNIX, {"sa_family": "AF_UNIX", "sun_path": ""}),
        (struct.pack("=H", 16) + bytes(10), {"sa_family": "AF_NETLINK"}),
        (struct.pack("=H", 999), {"sa_family": "0x3e7"}),
        (b"\2", {}),
        (b"", {}),
    ],
)
def test_decode_sockaddr(data: bytes, fields: dict[str, str]) -> None:
    """The fields depend on the family, and on the length that the caller passed."""
    decoded = decode_sockaddr(data)
    assert decoded == fields
    assert list(decoded) == sorted(decoded)
