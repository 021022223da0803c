# SPDX-License-Identifier: Apache-2.0
"""The meaning of tracing scopes, as executable Python.

Read in this order: ``filters`` (conditions and their values), ``facts`` (processes and events
to which they apply), ``predicates`` (conditions as functions of facts), ``scope`` (a numbered
set of conditions), ``match`` (the mask of an event), ``selection`` (the events of a scope and
their dependencies), ``lifecycle`` (processes after each fork, exec and exit).  The package
imports only the standard library.  The rules cited in it are those of docs/reference/semantics.md.
"""
