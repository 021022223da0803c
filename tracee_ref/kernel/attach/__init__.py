# SPDX-License-Identifier: Apache-2.0
"""Attaching of BPF programs to the hooks of the running kernel."""
