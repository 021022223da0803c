"""Tests of vmtests."""
