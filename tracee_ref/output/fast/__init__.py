"""Compiled formatting of records into lines, without an event in between."""
