# SPDX-License-Identifier: Apache-2.0
"""Seeding of BPF maps with processes and sockets older than the tracer."""
