# SPDX-License-Identifier: Apache-2.0
"""A program that only reads kernel memory, to find out whether tracing works."""

from __future__ import annotations

import errno
import os
from typing import Final

from .compiler import INSTRUCTION, compile_text
from .libbpf import libbpf
from .program import PROGRAM_TYPES, load_options
from .refusal import READ_HELPER, refused

KIND: Final = "RAW_TRACEPOINT"
POINT: Final = "sched_process_exit"
TEXT: Final = """
BPF_ARRAY(numbers, u32, 1);
int on_exit(void *context)
{
	u32 number = 0;
	bpf_probe_read_kernel(&number, sizeof(number), (void *)bpf_get_current_task());
	return 0;
}
"""


def attach_empty_program() -> None:
    """Compile a program and its map, load it and attach it for a moment; raises HostError.

    It is compiled even if another program is in the cache.
    """
    code = compile_text("the test program", TEXT).functions["on_exit"]
    lib, count = libbpf(), len(code) // INSTRUCTION.size
    program: int = lib.bpf_prog_load(
        PROGRAM_TYPES[KIND], b"on_exit", b"GPL", code, count, load_options(KIND, 0)
    )
    if program < 0:
        missing = f"no {READ_HELPER}" if program == -errno.EINVAL else ""
        raise refused("a BPF program", missing or os.strerror(-program), -program)
    attached: int = lib.bpf_raw_tracepoint_open(POINT.encode(), program)
    os.close(program)
    if attached < 0:
        raise refused(f"raw tracepoint {POINT}", os.strerror(-attached), -attached)
    os.close(attached)
