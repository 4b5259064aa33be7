"""Readers split words into subwords; for some encoders these are characters, bytes or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np


@dataclass
class WordPieces:
    """The subwords of one sentence.

    Attributes:
        pieces: ids of all subwords, without special tokens; shape (subwords,).
        first: index in ``pieces`` of the first subword of each word; shape (words,).
        content: index of each word's first subword that is not a bare word marker; same shape.
            ``None``: the same as ``first``, because the vocabulary has no marker.
    """

    pieces: np.ndarray
    first: np.ndarray
    content: np.ndarray | None = None


class Reader(Protocol):
    """A reader of sentences that are split into words.

    Attributes:
        prefix, suffix: ids around a sentence.
        between: ids between two sentences in one row; empty if there are none.
        padding: id for padding.
        whole_words: whether a word's first subword is the word itself, and represents it in every
            task.
    """

    prefix: list[int]
    suffix: list[int]
    between: list[int]
    padding: int
    whole_words: ClassVar[bool]

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """The subwords of sentences that are split into words, at least one per word."""
        ...


class WholeWords:
    """Attributes of readers whose first subword of a word is the word itself; none around them."""

    prefix: ClassVar[list[int]] = []
    suffix: ClassVar[list[int]] = []
    between: ClassVar[list[int]] = []
    padding: ClassVar[int] = 0
    whole_words: ClassVar[bool] = True


class TextReader(Reader, Protocol):
    """A reader that also reads raw text."""

    def rows(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        """The subwords of texts, including special tokens, truncated to ``longest``."""
        ...
