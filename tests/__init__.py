# SPDX-License-Identifier: Apache-2.0
"""Tests that need no kernel, in the layout of the packages."""
