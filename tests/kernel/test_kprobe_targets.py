# SPDX-License-Identifier: Apache-2.0
"""Tests of the reasons why no kprobe can be at a function."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tracee_ref.kernel.attach import kprobe_targets

SYMBOLS = """\
ffffffff81000000 T vfs_unlink
ffffffff81000100 t small.isra.0
ffffffff81000200 t part_of.cold
ffffffff81000300 T do_int3
ffffffffc0000000 t in_module\t[module]
"""
BLACKLIST = "0xffffffff81000300-0xffffffff81000350\tdo_int3+0x0/0x50\n"


@pytest.fixture
def _kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    symbols = tmp_path / "kallsyms"
    symbols.write_text(SYMBOLS)
    monkeypatch.setattr(kprobe_targets, "KALLSYMS", symbols)
    found = kprobe_targets.blacklisted(BLACKLIST)
    monkeypatch.setattr(kprobe_targets, "blacklist", lambda: found)
    kprobe_targets.kernel_symbols.cache_clear()
    yield
    kprobe_targets.kernel_symbols.cache_clear()


@pytest.mark.usefixtures("_kernel")
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("vfs_unlink", ""),
        ("in_module", ""),
        ("small", "compiled as small.isra.0"),
        ("small.isra.0", ""),
        ("part_of", "inlined by the compiler"),
        ("vfs", "inlined by the compiler"),
        ("do_int3", "on the blacklist of kprobes"),
    ],
)
def test_why_not(function: str, reason: str) -> None:
    """A kprobe needs a symbol with exactly this name that is not on the blacklist."""
    assert kprobe_targets.why_not(function) == reason
