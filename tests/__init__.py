"""Tests that need no kernel, in the layout of the packages."""
