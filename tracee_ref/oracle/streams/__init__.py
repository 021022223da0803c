# SPDX-License-Identifier: Apache-2.0
"""Judging what a tracer printed: its JSON events, as a stream that may be larger than memory.

Read in this order: ``reading`` (lines to objects), ``json_process`` and ``json_fields`` (what an
object tells of its process and its fields), ``lives`` (what the stream tells of processes),
``possible`` (what is left open), ``verdicts`` (the mask that must be there), ``balance`` (what is
missing), ``losses``, ``report`` (all counts), ``checking`` (a whole stream), ``hosts`` (many).
"""
