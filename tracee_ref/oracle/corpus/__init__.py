# SPDX-License-Identifier: Apache-2.0
"""How the corpus is made: hand-written texts, and a generator with a seed.

``notation`` reads the words that the texts share, ``hand_*`` turn each text into vectors,
``draw*``, ``novelty`` and ``minimise`` make the generated part, ``features`` finds out what a
vector asks for, and ``write`` puts it all into files.
"""
