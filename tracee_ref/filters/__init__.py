# SPDX-License-Identifier: Apache-2.0
"""What the user typed after ``-f`` and ``-o``, turned into model scopes and outputs.

Read in this order: ``tokens`` (one flag taken apart), ``values`` (texts to model values),
``kinds`` (the table of filters), ``fields`` (filters on fields of an event), ``reading``
(one flag understood), ``limits`` (how many of them there may be), ``filters`` (all flags to
scopes), ``spelling`` (scopes back to flags); ``outputs``, ``help`` and ``reference`` (the
page docs/guide/filters.md) stand apart.
"""
