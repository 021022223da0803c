# SPDX-License-Identifier: Apache-2.0
"""Generators of scopes, facts and journals of process life, by seed."""
