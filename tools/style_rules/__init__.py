"""Checks of the writing style, one module for each group of rules."""
