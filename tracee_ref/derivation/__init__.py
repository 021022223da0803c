# SPDX-License-Identifier: Apache-2.0
"""Derivation of events from others: containers from cgroups, packets, signatures.

Rules are those of docs/reference/semantics.md.
"""
