"""Tests of oracle/streams."""
