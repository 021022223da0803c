# SPDX-License-Identifier: Apache-2.0
"""Files that other users could have prepared: to trust, or to write."""
