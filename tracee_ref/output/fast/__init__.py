# SPDX-License-Identifier: Apache-2.0
"""Compiled formatting of records into lines, without an event in between."""
