# SPDX-License-Identifier: Apache-2.0
"""Kernel packages, QEMU guests, and the agents that run requests in them."""
