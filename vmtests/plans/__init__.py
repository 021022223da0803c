# SPDX-License-Identifier: Apache-2.0
"""Random workload plans and scopes, and their reduction to small failing cases."""
