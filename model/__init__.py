# SPDX-License-Identifier: Apache-2.0
"""The meaning of tracing scopes, as executable Python.

Read in this order: ``filters`` (what can be asked), ``facts`` (what is known of a process
at an event), ``holds`` (whether the two meet), ``scope`` (filters under a number), ``match``
(which scopes an event belongs to), ``selection`` (which events a scope chose, and what they
need), ``lifecycle`` (what forks, execs and exits make of processes).  The package uses the
standard library only and imports nothing of ours; rule numbers in the docstrings are those
of the semantics page (docs/reference/semantics.md).
"""
