# SPDX-License-Identifier: Apache-2.0
"""Runs of plug-in signatures in their processes, as the tracer runs them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.output.samples import exit_with
from tracee_ref.derivation.stage import Derivation
from tracee_ref.events.event import TraceEvent
from tracee_ref.model.scope import Scope
from tracee_ref.session import plugin_findings
from tracee_ref.signatures.registry import Registry
from tracee_ref.tables import selecting_scopes


def traced(
    registry: Registry, *names: str, events: Iterable[TraceEvent] | None = None
) -> list[TraceEvent]:
    """Return the findings in events, by default one; scope 3 selects the named ones."""
    selected = selecting_scopes([Scope(3, frozenset(names))])
    derivation = Derivation(selected, registry.events, registry.rules)
    plugins = registry.plugins(names)
    found = []
    try:
        plugins.start()
        for event in [exit_with()] if events is None else events:
            found += derivation(event)
            found += plugin_findings(plugins, derivation, bool, end=False)
        found += plugin_findings(plugins, derivation, bool, end=True)
    finally:
        plugins.close()
    return found
