# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""The kernel side, in C: shipped as data, compiled by BCC when the tracer starts."""
