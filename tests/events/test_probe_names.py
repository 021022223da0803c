# SPDX-License-Identifier: Apache-2.0
"""Names of events at hooks that the user chooses."""

from __future__ import annotations

import pytest

from tracee_ref.events.probe_names import ProbeKind, is_probe, mentioned, parse_probe

PARTS = {
    "kprobe:vfs_unlink": ("", "vfs_unlink"),
    "kretprobe:ip_rcv.constprop.0": ("", "ip_rcv.constprop.0"),
    "kprobe:*": ("", "*"),
    "tracepoint:sched:sched_wakeup": ("sched", "sched_wakeup"),
    "tracepoint:sched:*": ("sched", "*"),
    "tracepoint:sch*": ("", ""),
    "uprobe:/usr/lib/x86_64-linux-gnu/libc.so.6:malloc": (
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "malloc",
    ),
    "uretprobe:/a:b:c": ("/a:b", "c"),
    "usdt:/usr/bin/python3:python:gc__start": ("/usr/bin/python3", "python:gc__start"),
}
MALFORMED = (
    *("kprobe:", "kprobe:a b", "kprobe:vfs*x", "kprobe:a:b", "kprobe:\u00e9", "kprobe:a\0"),
    *("tracepoint:sched", "tracepoint::x", "tracepoint:a:b:c", "tracepoint:a/../b:c"),
    *("uprobe:libc:malloc", "uprobe:/lib/x", "uprobe:/lib/:x", "usdt:/bin/x:y", "usdt:/bin/x::y"),
    *("KPROBE:x", "probe:x", "openat", f"uprobe:/{'x' * 5000}:y"),
)


@pytest.mark.parametrize(("name", "parts"), PARTS.items())
def test_probe_name_parts(name: str, parts: tuple[str, str]) -> None:
    """A name has its kind, and what is hooked where."""
    probe = parse_probe(name)
    assert probe is not None
    assert (probe.target, probe.symbol) == parts
    assert f"{probe.kind.value}:{probe.text}" == name


@pytest.mark.parametrize("name", MALFORMED)
def test_probe_name_malformed(name: str) -> None:
    """A name without the form of its kind has no parts."""
    assert parse_probe(name) is None


def test_probe_kinds() -> None:
    """The kind and a colon make a name one of a chosen hook."""
    assert all(is_probe(f"{kind.value}:x") for kind in ProbeKind)
    assert not any(map(is_probe, ("kprobe", "kprobe_attach", "2:kprobe:x", "")))


def test_probe_patterns() -> None:
    """Only a pattern with the kind stands for such events: rule 3 would break with others."""
    assert mentioned("kprobe:vfs_read", ["kprobe:vfs_*"])
    assert mentioned("kprobe:vfs_read", ["openat", "kprobe:vfs_read"])
    assert not mentioned("kprobe:vfs_read", ["*", "k*", "kprobe*", "kprobe:vfs_write"])
