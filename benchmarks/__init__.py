# SPDX-License-Identifier: Apache-2.0
"""Benchmarks, each with its baseline in the same run."""
