"""Accept tables: from a value to the mask of the scopes that accept it.

Their contents are the model's own answers, asked for every value that a flag mentions and
for "anything else"; no rule of scopes is written down here a second time.
"""

from .compiled import AcceptTables, compile_all_tables, compile_tables

__all__ = ["AcceptTables", "compile_all_tables", "compile_tables"]
