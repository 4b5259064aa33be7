"""Word vectors of several languages in one space: a table that encoders look words up in.

Each language has words of its own, so that the same string may have another vector in each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..corpora.word_tokens import lowercased
from ..runtime.errors import InputError
from ..runtime.files import replacing

VECTORS_FILE = "vectors.safetensors"
ARCHITECTURE_FILE = "config.json"
"""The files of an encoder over word vectors."""
NO_ROW = -1
"""Row of a word without a vector."""


class VectorTable:
    """The vectors of the words of several languages.

    Args:
        words: language → its distinct words; the rows of the first language come first.
        vectors: float32, shape (words of all languages, dimensions).
    """

    def __init__(self, words: Mapping[str, Sequence[str]], vectors: np.ndarray) -> None:
        self.words = {language: list(some) for language, some in words.items()}
        self.vectors = vectors

    @cached_property
    def _rows(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        first = 0
        for language, words in self.words.items():
            found[language] = {word: row for row, word in enumerate(words, first)}
            first += len(words)
        return found

    def row(self, language: str, word: str) -> int:
        """The row of a word, else of its lower case, else ``NO_ROW``."""
        rows = self._rows[language]
        found = rows.get(word)
        return rows.get(lowercased(word), NO_ROW) if found is None else found

    def check_language(self, language: str, place: str) -> None:
        """Raise an error for a language without vectors; ``place`` is named first."""
        if not language:
            raise InputError(
                f"{place}: its word vectors are of {', '.join(self.words)}; name the language of "
                "the text with --language"
            )
        if language not in self.words:
            raise InputError(
                f"{place}: no word vectors of the language '{language}', only of "
                f"{', '.join(self.words)}; add it to `word_vectors.languages` of the encoder"
            )

    def save(self, path: Path | str) -> None:
        """Write the table as safetensors: the tensor ``vectors``, the words as metadata."""
        # One key only, because safetensors writes several in random order.
        metadata = {"words": json.dumps(self.words, ensure_ascii=False)}
        with replacing(path) as temporary:
            save_file({"vectors": np.ascontiguousarray(self.vectors)}, temporary, metadata)

    @classmethod
    def load(cls, path: Path | str) -> VectorTable:
        """Read the file of ``save``.

        Raises:
            InputError: the file is missing, damaged or of another kind.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                words = json.loads(file.metadata()["words"])
                vectors = file.get_tensor("vectors")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{path}: not a table of word vectors ({reason}); delete it and run again"
            ) from None
        if not _consistent(words, vectors):
            raise InputError(
                f"{path}: its words and its vectors do not belong together; delete it and run again"
            )
        return cls(words, vectors)


def _consistent(words: object, vectors: np.ndarray) -> bool:
    if not isinstance(words, dict) or not words or vectors.ndim != 2:
        return False
    lists = list(words.values())
    if not all(isinstance(some, list) and len(set(map(str, some))) == len(some) for some in lists):
        return False
    if not all(isinstance(word, str) for some in lists for word in some):
        return False
    fits = vectors.dtype == np.float32 and len(vectors) == sum(map(len, lists))
    return fits and bool(np.isfinite(vectors).all())
