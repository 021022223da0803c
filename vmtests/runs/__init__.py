# SPDX-License-Identifier: Apache-2.0
"""Runs of the tracer on a kernel, and their comparison with the model."""
