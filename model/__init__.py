"""The meaning of tracing scopes, as executable Python.

Read in this order: ``scope`` (what a user asked for), ``facts`` (what is known of a
process at an event), ``match`` (which scopes an event belongs to), ``selection`` (which
events a scope chose).  The package uses the standard library only and imports nothing of
ours; rule numbers in the docstrings are those of the semantics page (docs/semantics.md).
"""
