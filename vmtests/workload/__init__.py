# SPDX-License-Identifier: Apache-2.0
"""Static C program that runs a plan of processes, and its plan and journal files."""
