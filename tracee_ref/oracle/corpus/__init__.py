# SPDX-License-Identifier: Apache-2.0
"""Generation of the corpus: hand-written sources, and a generator with a seed.

``notation`` parses the words of the sources, ``hand_*`` turn each source into vectors,
``generate`` makes the generated vectors with ``novelty`` and ``minimise``, ``features`` finds the
features that a vector needs, and ``write`` writes the files.
"""
