# SPDX-License-Identifier: Apache-2.0
"""The signatures shipped with the tracer, by tactic."""
