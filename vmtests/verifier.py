# SPDX-License-Identifier: Apache-2.0
"""Counts of the instructions that the kernel's verifier processes."""

from __future__ import annotations

import os
import re
from typing import Final

from tracee_ref.kernel.build.program import Program
from tracee_ref.kernel.plan import KernelPlan
from tracee_ref.kernel.tracer import HOOK_MATCHER, HOOK_RETURNER, RAW_MATCHER

LOG_STATS: Final = 4
"""BPF_LOG_STATS (kernel/bpf/verifier.c): the statistics of the verifier, and nothing else."""

PROCESSED: Final = re.compile(r"processed (\d+) insns")


def verified(program: Program, function: str, kind: str, at: str = "") -> int:
    """Return the number of instructions that the verifier processes for a function.

    Older kernels report it only in the log of a load, so the function is loaded again.
    """
    fd, log = program.try_load(function, kind, at, LOG_STATS)
    if fd < 0:
        program.load(function, kind, at)  # raises with the reason
    os.close(fd)
    found = PROCESSED.search(log)
    return int(found[1]) if found else 0


def verified_by_program(plan: KernelPlan, program: Program) -> dict[str, int]:
    """Return the number of instructions for each program of a plan."""
    kinds = {hook.function: (hook.kind.value, hook.at) for hook in plan.hooks.hooks()}
    kinds |= dict.fromkeys(plan.hooks.fillers().values(), ("KPROBE", ""))
    kinds |= {HOOK_MATCHER: ("KPROBE", "")} if plan.hooks.fillers() else {}
    enders = plan.hooks.enders()
    joined = [*enders.values(), HOOK_RETURNER] if enders else []
    kinds |= dict.fromkeys(joined, ("KPROBE", ""))
    raw = plan.hooks.raw_fillers()
    raw_programs = [*raw.values(), RAW_MATCHER] if raw else []
    kinds |= dict.fromkeys(raw_programs, ("RAW_TRACEPOINT", ""))
    kinds |= {hook.function: (hook.kind.value, hook.at) for *_, hook in plan.hooks.continuations()}
    return {name: verified(program, name, *kind) for name, kind in kinds.items()}
