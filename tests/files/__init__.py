# SPDX-License-Identifier: Apache-2.0
"""Tests of files that other users could have prepared."""
