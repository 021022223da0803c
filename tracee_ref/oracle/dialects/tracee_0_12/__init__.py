# SPDX-License-Identifier: Apache-2.0
"""What Tracee v0.12.0 does with its flags: a model of its own, from facts about its sources.

Read in this order: ``number_filter`` and ``text_filter`` (the values of one flag name in one
scope), ``scope`` (all filters of a scope), ``flags`` (flags to scopes), ``kernel`` (the mask
that the BPF programs compute), ``events`` (which events are sent and which are shown),
``userland`` (what is taken out of the mask afterwards), ``decision`` (all of it together).
Sections in docstrings are those of the facts about v0.12.0, not of our semantics page.
"""
