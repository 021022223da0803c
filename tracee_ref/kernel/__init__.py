# SPDX-License-Identifier: Apache-2.0
"""Kernel side of the tracer: the only package that knows BCC, BTF and maps."""
