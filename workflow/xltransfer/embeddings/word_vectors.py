"""Word vectors: a vocabulary with a vector for each word, most frequent words first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..runtime.errors import InputError
from ..runtime.files import replacing

UNIT, CENTER = STEPS = ("unit", "center")
"""Steps of normalisation: vectors of length 1; vectors with mean 0 over the vocabulary."""


@dataclass(frozen=True)
class WordVectors:
    """The vectors of a vocabulary.

    Attributes:
        words: distinct words, in general most frequent first.
        vectors: float32, shape (words, dimensions).
    """

    words: list[str]
    vectors: np.ndarray

    @cached_property
    def index(self) -> dict[str, int]:
        """Word → its row."""
        return {word: place for place, word in enumerate(self.words)}

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.vectors.shape[1]

    def first(self, number: int | None) -> WordVectors:
        """The first words; all of them for ``None``."""
        if number is None or number >= len(self.words):
            return self
        return WordVectors(self.words[:number], self.vectors[:number])

    def normalised(self, steps: Sequence[str]) -> WordVectors:
        """The same words with vectors normalised by some steps in order.

        Artetxe, Labaka & Agirre (ACL 2018) use ``unit``, ``center``, ``unit``.

        Args:
            steps: ``unit`` scales each vector to length 1 (a zero vector stays zero), ``center``
                subtracts the mean over the vocabulary.
        """
        vectors = self.vectors.astype(np.float64)
        for step in steps:
            if step == UNIT:
                lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
                vectors = vectors / np.where(lengths > 0, lengths, 1)
            elif step == CENTER:
                vectors = vectors - vectors.mean(axis=0)
            else:
                raise ValueError(f"'{step}' is none of {', '.join(STEPS)}")
        return WordVectors(self.words, vectors.astype(np.float32))


def save_word_vectors(path: Path | str, vectors: WordVectors) -> None:
    """Write word vectors as safetensors: the tensor ``vectors``, the words as metadata."""
    # One key only, because safetensors writes several in random order.
    metadata = {"words": json.dumps(vectors.words, ensure_ascii=False)}
    with replacing(path) as temporary:
        save_file({"vectors": np.ascontiguousarray(vectors.vectors)}, temporary, metadata)


def load_word_vectors(path: Path | str) -> WordVectors:
    """Read the file of ``save_word_vectors``.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return WordVectors(json.loads(file.metadata()["words"]), file.get_tensor("vectors"))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a file of word vectors ({error}); delete it and run again"
        ) from None
