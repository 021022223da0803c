"""Measurements; each next to its baseline in the same run."""
