"""Tests of oracle/dialects."""
