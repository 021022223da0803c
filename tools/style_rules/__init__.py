# SPDX-License-Identifier: Apache-2.0
"""Checks of the writing style, one module for each group of rules."""
