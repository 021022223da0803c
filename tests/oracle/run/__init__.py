"""Tests of oracle/run."""
