# SPDX-License-Identifier: Apache-2.0
"""Seeded faults, each of which a test must catch."""
