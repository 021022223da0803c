"""Drawn workload plans and scopes, and their reduction to small cases."""
