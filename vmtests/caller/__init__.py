# SPDX-License-Identifier: Apache-2.0
"""Programs that make every harmless syscall and print the arguments, for 32 and for 64 bits."""
