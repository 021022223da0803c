# SPDX-License-Identifier: Apache-2.0
"""Symbols of the shared objects that processes load."""
