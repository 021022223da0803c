# SPDX-License-Identifier: Apache-2.0
"""Program with functions and static probes to trace."""
