# SPDX-License-Identifier: Apache-2.0
"""Check of the JSON events of a tracer, in streams that may be larger than memory.

In the order of the data: ``events_json`` (lines to events), ``json_fields`` (fields of an
event), ``process_state`` (facts that follow from earlier events), ``uncertainty`` (possible
events), ``verdicts`` (expected masks), ``balance`` (missing events), ``losses``, ``report`` (counts
and findings), ``checking`` (a whole stream), ``cluster`` (several hosts).

A fact is *unresolved* if the stream does not contain it.  A scope is *undecidable* for an event
if it depends on an unresolved fact whether it matches; so is an event with such a scope.
"""
