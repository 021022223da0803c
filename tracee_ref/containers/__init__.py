# SPDX-License-Identifier: Apache-2.0
"""Cgroups of containers (rule 11), and descriptions from the files of runtimes."""
