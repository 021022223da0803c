# SPDX-License-Identifier: Apache-2.0
"""Containers: which cgroups are one (rule 11), and what their runtimes' files tell of them."""
