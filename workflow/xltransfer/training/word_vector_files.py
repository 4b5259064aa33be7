"""Files of word vectors that encoders read words by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..embeddings.word_vectors import load_word_vectors
from ..encoders.word_vector_lookup import WordVectorLookup
from ..runtime.errors import InputError


def read_lookup(paths: Sequence[Path]) -> WordVectorLookup | None:
    """The words of some files with their vectors; ``None`` without files.

    Raises:
        InputError: a file is missing or damaged, or two have vectors of different dimensions.
    """
    if not paths:
        return None
    tables = [(found.words, found.vectors) for found in map(load_word_vectors, paths)]
    try:
        return WordVectorLookup(tables)
    except InputError as error:
        raise InputError(f"{' and '.join(map(str, paths))}: {error}") from None
