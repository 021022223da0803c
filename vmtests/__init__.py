# SPDX-License-Identifier: Apache-2.0
"""Tests on real kernels: this machine's own, and stock kernels in QEMU guests."""
