# SPDX-License-Identifier: Apache-2.0
"""Compiler: its version, and an end without an answer."""

from __future__ import annotations

import pytest

from tracee_ref.errors import HostCode, HostError
from tracee_ref.kernel.build.compiler import bcc_version, compile_text

DEEP_STACK = """
int f(void *context) {
    volatile char bytes[600];
    for (int i = 0; i < 600; i++) bytes[i] = i;
    return bytes[5];
}
"""


def test_compiler_ended() -> None:
    """LLVM exits if a program needs more than 512 bytes of stack; this is no refusal."""
    with pytest.raises(HostError) as caught:
        compile_text("deep.c", DEEP_STACK)
    assert caught.value.code is HostCode.DEPENDENCY
    assert f"deep.c: BCC {bcc_version()} exited with status 1" in str(caught.value)


def test_compiler_version() -> None:
    assert bcc_version().split(".")[0] == "0"
