"""Seeded faults, each of which the tests must catch."""
