"""Generators of scopes, facts and journals of process life, by seed."""
