# SPDX-License-Identifier: Apache-2.0
"""The README's commands on bare Debian releases: ``python -m vmtests.distros``."""
