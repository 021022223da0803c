# SPDX-License-Identifier: Apache-2.0
"""Run of a consumer over vectors: answers compared, explained and reported."""
