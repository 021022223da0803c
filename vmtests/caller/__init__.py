# SPDX-License-Identifier: Apache-2.0
"""Programs of the tests that make syscalls, of 32 and of 64 bits."""
