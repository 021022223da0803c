# SPDX-License-Identifier: Apache-2.0
"""The first example of Tracee's documentation, run here or in a guest."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

from vmtests.lab.agent_process import PROJECT

SERIES = "6.1"

COMMAND = (
    str(PROJECT / ".venv/bin/tracee-ref"),
    *("-f", "42:event=sched_process_exec", "-f", "42:binary=/usr/bin/ls"),
    *("-o", "format:table-verbose", "--", "sh", "-c", "ls; id"),
)

SYS_BPF = 321  # x86-64
PROG_LOAD = 5
RAW_TRACEPOINT = 17
RETURN_ZERO = bytes.fromhex("b700000000000000 9500000000000000")


class _ProgLoad(ctypes.Structure):
    """The first fields of union bpf_attr for PROG_LOAD (linux/bpf.h); the rest may be absent."""

    _fields_ = (
        ("prog_type", ctypes.c_uint32),
        ("insn_cnt", ctypes.c_uint32),
        ("insns", ctypes.c_char_p),
        ("license", ctypes.c_char_p),
    )


def why_untraceable() -> str:
    """Return why this kernel cannot be traced; an empty string if it can."""
    if not Path("/sys/kernel/btf/vmlinux").exists():
        return "no BTF: /sys/kernel/btf/vmlinux does not exist"
    load = _ProgLoad(RAW_TRACEPOINT, len(RETURN_ZERO) // 8, RETURN_ZERO, b"GPL")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(SYS_BPF, PROG_LOAD, ctypes.byref(load), ctypes.sizeof(load))
    if descriptor < 0:
        return f"no privilege for BPF: {errno.errorcode[ctypes.get_errno()]}"
    os.close(descriptor)
    return ""


def run() -> None:
    """Replace this process with the example, traced here or in a guest."""
    argv = [*COMMAND]
    if reason := why_untraceable():
        note = f"this kernel cannot be traced ({reason}): running in a guest with Linux {SERIES}"
        print(note, file=sys.stderr, flush=True)
        argv = [sys.executable, "-m", "vmtests", "run", SERIES, "--", *COMMAND]
    os.execv(argv[0], argv)
