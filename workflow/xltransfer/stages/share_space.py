"""Bring the word vectors of a language into the space of another one, by a map between them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..embeddings.map_files import load_map
from ..embeddings.word_vectors import WordVectors, load_word_vectors, save_word_vectors
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError

log = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Greatest deviation of W Wᵀ from the identity of a map that counts as orthogonal."""


def share_space(
    vectors: Path, normalisation: Sequence[str], output: Path, mapping: Path | None = None
) -> None:
    """Bring the word vectors of a language into the space of another one.

    An orthogonal map W from the shared space to that of the language is undone by its transpose: a
    row vector y becomes y Wᵀ.

    Args:
        vectors: word vectors of the language.
        normalisation: steps before mapping, those that the map was found with.
        output: word vectors in the shared space, normalised to length 1.
        mapping: map from the language whose space is shared to this language; none for the
            language itself.

    Raises:
        InputError: a file is damaged, or the map is not orthogonal.
    """
    read = verified_checksums([vectors, *([mapping] if mapping else [])])
    found = load_word_vectors(vectors).normalised(normalisation)
    if mapping is not None:
        matrix = load_map(mapping)[0].astype(np.float64)
        deviation = np.abs(matrix @ matrix.T - np.eye(len(matrix))).max()
        if deviation > TOLERANCE:
            raise InputError(
                f"{mapping}: the map is not orthogonal (W Wᵀ is {deviation:.2g} off), so it cannot "
                "be undone; name a method that finds orthogonal maps"
            )
        mapped = found.vectors.astype(np.float64) @ matrix.T
        found = WordVectors(found.words, mapped.astype(np.float32))
    save_word_vectors(output, found.normalised(["unit"]))
    write_record(output, "share_space", read, normalisation=list(normalisation))
    log.info("%s: %d words", output, len(found.words))
