# SPDX-License-Identifier: Apache-2.0
"""C text of a program: constants, kernel structures, inlined headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from .btf import Btf, Fields
from .structures import kernel_structures, merged

KFUNCS: Final = {
    "bpf_preempt_disable": 0x7FF0_0001,
    "bpf_preempt_enable": 0x7FF0_0002,
    "bpf_rdonly_cast": 0x7FF0_0003,
}
"""kfuncs and the numbers that stand for them in the C text, because BCC knows helpers only."""

MAP_NUMBERS: Final = {"records": 0x7FF0_2001, "packet_records": 0x7FF0_2002}
"""Maps and the numbers that stand for their descriptors in the C text.

For helpers that BCC 0.26 does not call with a map; the compiler replaces them.
"""

TRACER_PID: Final = 0x7FF0_1001
"""Stands for the tracer's tgid in the C text, which is then the same in every run."""

INCLUDE: Final = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)


def program_text(source: str, defines: Mapping[str, str], btf: Btf, fields: Fields) -> str:
    """Return the text of a program for BCC, which rewrites only the main file.

    ``fields`` are structures that only this run reads.
    """
    structures, constants = kernel_structures(btf)
    constants |= {"TRACER_PID": str(TRACER_PID)} | _kfunc_defines(btf)
    constants |= {f"{name.upper()}_MAP": str(number) for name, number in MAP_NUMBERS.items()}
    lines = [f"#define {name} {value}" for name, value in {**defines, **constants}.items()]
    declarations = btf.declarations(merged(structures, fields))
    return "\n".join([*lines, declarations, _inlined(source, set())])


def kfunc_ids(btf: Btf) -> dict[int, int]:
    """Return the BTF id of each kfunc that the kernel has, by its number in the C text."""
    found = {number: btf.function(name) for name, number in KFUNCS.items()}
    return {number: id_ for number, id_ in found.items() if id_}


def _kfunc_defines(btf: Btf) -> dict[str, str]:
    available, (disable, enable, cast) = kfunc_ids(btf), KFUNCS.values()
    defines: dict[str, str] = {}
    if disable in available:
        defines |= {"PREEMPT_DISABLE_CALL": str(disable), "PREEMPT_ENABLE_CALL": str(enable)}
    if cast in available:
        defines |= {"CAST_CALL": str(cast), "TYPED_REGISTERS": str(btf.structure("pt_regs"))}
    return defines


@cache
def bpf_source(name: str) -> str:
    """Return the text of a file of ``bpf/``."""
    text = (files("tracee_ref.bpf") / name).read_text(encoding="utf-8")
    return text.replace("#pragma once\n", "")


def _inlined(text: str, seen: set[str]) -> str:
    """Return C text with our headers inlined, each once; add their names to ``seen``."""

    def header(include: re.Match[str]) -> str:
        name = include[1]
        if name in seen:
            return ""
        seen.add(name)
        return _inlined(bpf_source(name), seen)

    return INCLUDE.sub(header, text)
