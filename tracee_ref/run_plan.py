# SPDX-License-Identifier: Apache-2.0
"""Plan of a run, derived once from the command line.

Every later stage reads its fields instead of deriving a view of its own from the scopes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .derivation.graph import kernel_scopes
from .events.catalogue import AT_START, EXISTING_CONTAINER
from .host_namespace import on_this_host
from .kernel.plan import KernelPlan, Settings
from .model.scope import Scope
from .output.flags import OutputPlan
from .signatures import Origin
from .signatures.plugins import Plugins
from .signatures.registry import Registry
from .tables import selecting_scopes

MIB_BYTES: Final = 1 << 20

CONTAINER_FORMATS: Final = frozenset({"json", "table-verbose"})
"""Output formats that print the container of every event."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The parsed command line; ``buffer`` is the size of the ring buffer in MiB.

    ``signatures`` holds the events that can be selected, with the rules that derive them.
    ``at_entry``: arguments in memory are read at the entry of syscalls (rule 19).
    """

    scopes: Sequence[Scope]
    outputs: OutputPlan
    command: Sequence[str]
    buffer: int
    signatures: Registry
    compat: bool = True
    at_entry: bool = True


@dataclass(frozen=True, slots=True)
class Needs:
    """Facts that records must carry although no filter needs them."""

    environment: bool
    """Environments of programs, for signatures."""

    exec_env: bool
    """Environments of programs and of calls, for the output option ``exec-env``."""

    containers: bool
    """The container of each event."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run traces and why.

    ``scopes`` have the host's mount namespace resolved to an inode number (rule 10);
    ``kernel_scopes`` select what these need of the kernel side (rule 16).  ``selected`` maps an
    event to the mask of the scopes that selected it, ``at_start`` are the events that user space
    makes before tracing.
    """

    options: RunOptions
    scopes: tuple[Scope, ...]
    kernel_scopes: tuple[Scope, ...]
    selected: Mapping[str, int]
    at_start: frozenset[str]
    needs: Needs
    plugins: Plugins
    kernel: KernelPlan


def plan_run(options: RunOptions) -> RunPlan:
    """Return the plan of a run; raises HostError where this host cannot carry it out."""
    scopes = on_this_host(options.scopes)
    in_kernel = kernel_scopes(scopes, options.signatures.events)
    selected = selecting_scopes(scopes)
    # Before a COMMAND starts there is nothing of it to report.
    at_start = frozenset() if options.command else AT_START & selected.keys()
    needs = needs_of(options, selected, at_start)
    plugins = options.signatures.plugins(selected)
    return RunPlan(
        options=options,
        scopes=scopes,
        kernel_scopes=in_kernel,
        selected=selected,
        at_start=at_start,
        needs=needs,
        plugins=plugins,
        kernel=KernelPlan(kernel_settings(options, in_kernel, needs, plugins)),
    )


def needs_of(options: RunOptions, selected: Mapping[str, int], at_start: frozenset[str]) -> Needs:
    """Return what the outputs, the signatures and the events at start need."""
    signatures = [runner.description for runner in options.signatures.needed(selected)]
    return Needs(
        environment=any(signature.environment for signature in signatures),
        exec_env="exec-env" in options.outputs.options,
        containers=EXISTING_CONTAINER in at_start
        or any(signature.origin is not Origin.ANY for signature in signatures)
        or any(target.format in CONTAINER_FORMATS for target in options.outputs.targets),
    )


def kernel_settings(
    options: RunOptions, scopes: Sequence[Scope], needs: Needs, plugins: Plugins
) -> Settings:
    """Return the settings of the kernel side."""
    return Settings(
        scopes=scopes,
        exec_env=needs.exec_env,
        program_env=needs.environment,
        command_only=bool(options.command),
        ring_bytes=options.buffer * MIB_BYTES,
        compat=options.compat,
        at_entry=options.at_entry,
        containers=needs.containers,
        plugins=bool(plugins),
        catalogue=options.signatures.events,
    )
