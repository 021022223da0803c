# SPDX-License-Identifier: Apache-2.0
"""Executable model of Tracee v0.12, with its bugs.

In the order of the data: ``filters`` (values of one flag name in one scope), ``scope`` (all
filters of a scope), ``flags`` (flags to scopes), ``events`` (selection and dependencies),
``kernel`` (the mask that the BPF programs compute), ``userland`` (bits that user space clears),
``decision`` (all stages), ``life`` (forks and execs), ``semantics`` (the interface).
Numbers after "Tracee v0.12 facts" are sections of docs/design/tracee-v0.12-facts.md.
"""
