# SPDX-License-Identifier: Apache-2.0
"""Measurements; each next to its baseline in the same run."""
