# SPDX-License-Identifier: Apache-2.0
"""Tests of kernel symbols by address, of credentials, and of declared names."""

from __future__ import annotations

from struct import pack

import msgspec
import pytest

from tracee_ref.decode.argument_text import argument_formatter, symbolic_type
from tracee_ref.decode.credentials import decode_credentials
from tracee_ref.decode.kernel_symbols import read_symbols
from tracee_ref.events.catalogue import ArgumentDefinition
from tracee_ref.output.go_values import go_text

LINES = (
    "0000000000000000 A fixed_percpu_data",
    "ffffffff81000000 T _stext",
    "ffffffff81000000 T _text",
    "ffffffff81000100 t inner.isra.0",
    "ffffffffc0000000 t hook\t[rootkit]",
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0xFFFFFFFF81000000, "_stext"),
        (0xFFFFFFFF81000004, "_stext+0x4"),
        (0xFFFFFFFF81000100, "inner.isra.0"),
        (0xFFFFFFFFC0000010, "hook+0x10 [rootkit]"),
        (0xFFFFFFFF80000000, ""),
        (0xFFFFFFFF90000000, ""),
        (0, ""),
    ],
)
def test_kernel_symbols_name(address: int, name: str) -> None:
    """An address has the symbol before it, unless that is far away."""
    assert read_symbols(LINES).name(address) == name


def test_kernel_symbols_hidden() -> None:
    """Where the kernel hides addresses nothing has a name."""
    assert read_symbols(["0000000000000000 T _text"]).name(5) == ""


def test_credentials_decoded() -> None:
    """Credentials are printed as Tracee v0.12 does."""
    credentials = decode_credentials(pack("=10I5Q", *range(15)))
    assert (credentials.uid, credentials.secure_bits, credentials.cap_ambient) == (0, 9, 14)
    assert go_text(credentials) == "{0 1 2 3 4 5 6 7 8 9 10 11 12 13 14}"
    assert msgspec.json.encode(credentials).startswith(b'{"Uid":0,"Gid":1,')


def test_declared_names() -> None:
    """An enum is printed by name, what has no name as a number."""
    argument = ArgumentDefinition("family", "int", names="address_family")
    formatter = argument_formatter("new", argument)
    assert formatter is not None
    assert (formatter(2), formatter(999)) == ("AF_INET", "0x3e7")
    assert symbolic_type("new", argument) == "string"
