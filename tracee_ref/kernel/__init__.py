# SPDX-License-Identifier: Apache-2.0
"""Kernel side of the tracer: the only package that uses BCC, BTF and maps.

Rules are those of docs/reference/semantics.md.
"""
