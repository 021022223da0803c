# SPDX-License-Identifier: Apache-2.0
"""Accept tables: from a value to the mask of the scopes that accept it.

Where ids are compared with an order they hold the model's own answers, asked wherever one may
change.  Of all other values they hold which scopes name them with ``=`` and which with ``!=``:
rule 4 as two masks, proven to be the model's word for all facts by
``tests/model/test_proof_tables.py``.
"""

from .compile import AcceptTables, compile_all_tables, compile_tables, selecting_scopes

__all__ = ["AcceptTables", "compile_all_tables", "compile_tables", "selecting_scopes"]
