# SPDX-License-Identifier: Apache-2.0
"""Building of the BPF program: BTF, structures, compilation by BCC, and the cache."""
