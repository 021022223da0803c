# SPDX-License-Identifier: Apache-2.0
"""Accept tables: from a value to the mask of the scopes that accept it.

For uids and pids that a scope compares with ``<``, ``<=``, ``>`` or ``>=`` a table holds the
model's result for each interval between the compared numbers.  For all other values it holds
the scopes with ``=`` and the value, and those with ``!=``: rule 4 as two masks.  Rules are
those of docs/reference/semantics.md.

tests/model/test_proof_tables.py proves that the tables give the model's mask for all facts.
"""

from .compile import AcceptTables, compile_tables, selecting_scopes

__all__ = ["AcceptTables", "compile_tables", "selecting_scopes"]
