"""Random workload plans and scopes, and their reduction to small failing cases."""
