"""What turns words into the pieces that an encoder reads, whatever these are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np


@dataclass
class WordPieces:
    """The pieces of one sentence.

    Attributes:
        pieces: ids of all pieces, without special tokens; shape (pieces,).
        first: index in ``pieces`` of the first piece of each word; shape (words,).
        content: index of the first piece of each word that is not a bare word marker; same shape.
            ``None`` where the vocabulary has no marker: then it is ``first``.
    """

    pieces: np.ndarray
    first: np.ndarray
    content: np.ndarray | None = None


class Reader(Protocol):
    """Reads sentences that are split into words.

    Attributes:
        prefix, suffix: ids around a sentence.
        padding: id to pad with.
        whole_words: whether a word's first piece is the word itself, so that its state is read
            there in every task.
    """

    prefix: list[int]
    suffix: list[int]
    padding: int
    whole_words: ClassVar[bool]

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """The pieces of sentences that are split into words, each of at least one piece."""
        ...


class TextReader(Reader, Protocol):
    """Reads raw text as well."""

    def rows(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        """The pieces of texts, special tokens included, cut off after ``longest``."""
        ...
