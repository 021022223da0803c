# SPDX-License-Identifier: Apache-2.0
"""Decoding of kernel records into events, and the symbolic forms of arguments."""
