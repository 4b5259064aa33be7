"""A reader of words by their rows in a table of word vectors of one or several languages.

The vectors are not part of an encoder or a model: each use of a model brings those of the languages
it reads. So a model that was trained on one language reads another one, if the vectors of both are
in one space.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..corpora.word_tokens import lowercased
from ..runtime.errors import InputError
from .reader import WholeWords, WordPieces

UNKNOWN, FIRST_WORD = 1, 2
"""Ids of words without a vector, and of the first word with one."""


class WordVectorLookup(WholeWords):
    """Words with vectors; a word of several languages has the mean of its vectors.

    A word without a vector has that of its lower-case form.

    Args:
        tables: words and vectors of each language, in one space; float32, shape (words,
            dimensions).

    Attributes:
        vectors: vector of each id, 0 for padding and unknown words; float32, shape (ids,
            dimensions).

    Raises:
        InputError: the vectors of two languages have different dimensions.
    """

    def __init__(self, tables: Sequence[tuple[Sequence[str], np.ndarray]]) -> None:
        sizes = sorted({vectors.shape[1] for _, vectors in tables})
        if len(sizes) != 1:
            raise InputError(
                f"word vectors of {' and '.join(map(str, sizes))} dimensions are in no common "
                "space; make those of all languages in one way"
            )
        words = dict.fromkeys(word for known, _ in tables for word in known)
        self._ids = {word: place for place, word in enumerate(words, start=FIRST_WORD)}
        total = np.zeros((len(words) + FIRST_WORD, sizes[0]), dtype=np.float64)
        count = np.zeros((len(words) + FIRST_WORD, 1))
        for known, vectors in tables:
            rows = np.array([self._ids[word] for word in known], dtype=np.int64)
            np.add.at(total, rows, vectors)
            np.add.at(count, rows, 1)
        self.vectors = (total / np.maximum(count, 1)).astype(np.float32)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """The ids of words, one per word."""
        return [
            WordPieces(np.array([self._id(word) for word in words]), np.arange(len(words)))
            for words in sentences
        ]

    def _id(self, word: str) -> int:
        found = self._ids.get(word)
        return self._ids.get(lowercased(word), UNKNOWN) if found is None else found
