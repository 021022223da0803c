# SPDX-License-Identifier: Apache-2.0
"""The model as the reference: its answers to vectors, and its masks of events."""
