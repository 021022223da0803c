# SPDX-License-Identifier: Apache-2.0
"""Parser of ``-f`` flags: from strings to the scopes of the model.

Read in this order: ``syntax`` (a flag split into its parts), ``values`` (strings to values of
the model), ``kinds`` (the table of filters), ``fields`` (per-event filters), ``flag`` (a flag to
conditions), ``limits`` (how many values there may be), ``events`` (the events of a scope),
``parse`` (all flags to scopes).  ``format`` is the inverse: scopes to flags.  ``reference``
generates docs/guide/filters.md.
"""
