"""Reading with random segmentations: sentences that are split into words, and lines of raw text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .reader import WordPieces
from .subword_regularisation import segmentation_of
from .tokenizer import WordTokenizer
from .vocabulary import text_units


@dataclass(frozen=True)
class _Text:
    """A word or a line.

    Attributes:
        fixed: its subwords without randomness.
        units: the units that are split into subwords at random; ``None``: the text has one
            segmentation, because it contains special tokens.
    """

    fixed: Sequence[int]
    units: list[str] | None


class SampledReading:
    """Reads text with the subwords of an encoder, in random segmentations.

    Args:
        tokenizer: tokenizer of the encoder.
        settings: as for ``segmentation_of``.

    Attributes:
        single: number of words of the last sentences that have one segmentation, because the
            tokenizer treats them outside its vocabulary (special tokens).

    Raises:
        InputError: as for ``segmentation_of``.
    """

    def __init__(self, tokenizer: WordTokenizer, settings: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._library = tokenizer.library
        self._segmentation = segmentation_of(self._library, settings, tokenizer.path)
        self._words: dict[str, _Text] = {}
        self.single = 0

    def _text(self, text: str, fixed: Sequence[int]) -> _Text:
        """A text whose subwords according to the library are known."""
        units = text_units(self._library, text)
        own = [piece for unit in units for piece in self._segmentation.fixed(unit)]
        return _Text(fixed, units if own == list(fixed) else None)

    def sentences(
        self, sentences: Sequence[Sequence[str]], draws: Iterable[np.random.Generator]
    ) -> list[WordPieces]:
        """The subwords of sentences; each occurrence of a word is split anew.

        Args:
            sentences: words of each sentence.
            draws: source of randomness of each sentence.
        """
        self._split({word for sentence in sentences for word in sentence})
        pieces: list[int] = []
        lengths: list[int] = []
        self.single = 0
        for sentence, draw in zip(sentences, draws, strict=True):
            for word in sentence:
                ids, units = self._words[word].fixed, self._words[word].units
                self.single += units is None
                if units is not None:
                    ids = [p for unit in units for p in self._segmentation.sampled(unit, draw)]
                pieces.extend(ids)
                lengths.append(len(ids))
        words = np.arange(len(lengths))
        arrays = np.array(pieces, dtype=np.int64), np.array(lengths, dtype=np.int64)
        return self._tokenizer.arranged(list(map(len, sentences)), words, *arrays)

    def _split(self, words: Iterable[str]) -> None:
        """Split words without randomness; those of the last call are cached."""
        known = {word: self._words[word] for word in words if word in self._words}
        others = sorted(set(words) - known.keys())
        pieces, lengths = self._tokenizer.split_words(others)
        bounds = np.append(0, np.cumsum(lengths)).tolist()
        ids = pieces.tolist()
        marked = self._tokenizer.marked(others)
        for word, text, (start, end) in zip(others, marked, pairwise(bounds), strict=True):
            known[word] = self._text(text, ids[start:end])
        self._words = known

    def line(
        self, line: str, fixed: Sequence[int], draws: np.random.Generator
    ) -> tuple[Sequence[int], list[int]] | None:
        """The subwords of a line of raw text.

        Args:
            line: the line.
            fixed: its subwords without randomness.
            draws: source of randomness.

        Returns:
            The ids, and the number of subwords of each word. ``None``: the line has one
            segmentation, because it contains special tokens.
        """
        units = self._text(line, fixed).units
        if units is None:
            return None
        words = [self._segmentation.sampled(unit, draws) for unit in units]
        return [piece for word in words for piece in word], list(map(len, words))
