# SPDX-License-Identifier: Apache-2.0
"""Output formats, and sinks for their lines."""
