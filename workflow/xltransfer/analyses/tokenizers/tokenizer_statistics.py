"""Statistics of a tokenizer on the words of a corpus.

Encoder tokenizers process each word of a pre-tokenised sentence separately. Each distinct word is
therefore split once, cached, and counted with its frequency. The numbers are exactly those of
tokenising line by line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np
from pandas.util import hash_array

from ...encoders.tokenizer import WORDS_AT_ONCE, WordTokenizer

PERCENTILES = (50, 90, 99)
CHUNK = 250_000
"""Number of words in memory at a time."""
_BATCH = 32_768
_PIECES = 2
"""Row of the number of pieces in the measures of words."""


@dataclass
class WordCounts:
    """Counts of the pieces of some words; integers of shape (words,).

    Attributes:
        pieces: number of pieces.
        unknown: number of unknown pieces.
        single: number of pieces that cover one character or a part of one.
    """

    pieces: np.ndarray
    unknown: np.ndarray
    single: np.ndarray


class CountingTokenizer(WordTokenizer):
    """A tokenizer that counts pieces and records which ones have occurred.

    Args:
        directory: directory with ``tokenizer.json``.

    Attributes:
        occurred: whether each piece of the vocabulary has occurred; shape (vocabulary,).

    Raises:
        InputError: the file is missing or not a tokenizer.
    """

    def __init__(self, directory: Path | str) -> None:
        super().__init__(directory)
        vocabulary = self._tokenizer.get_vocab()
        unknown = -1 if self.unknown_piece is None else self.unknown_piece
        self._unknown_piece = unknown
        added = self._tokenizer.get_added_tokens_decoder()
        self._ordinary = np.zeros(max(vocabulary.values()) + 1, dtype=bool)
        self._ordinary[list(vocabulary.values())] = True
        self._ordinary[[index for index, token in added.items() if token.special]] = False
        if unknown >= 0:
            self._ordinary[unknown] = False
        self.occurred = np.zeros_like(self._ordinary)

    @property
    def coverage(self) -> float:
        """Share of the vocabulary that has occurred, without special and unknown pieces."""
        ordinary = int(self._ordinary.sum())
        return int((self.occurred & self._ordinary).sum()) / ordinary if ordinary else 0.0

    def count(self, words: Sequence[str]) -> WordCounts:
        """Split each word separately.

        A word without any pieces counts as one unknown piece, as in the encoder.
        """
        batches = [
            self._count_batch(words[start : start + _BATCH])
            for start in range(0, len(words), _BATCH)
        ]
        return WordCounts(*np.concatenate(batches, axis=1))

    def _count_batch(self, words: Sequence[str]) -> np.ndarray:
        """Number of pieces, unknown pieces and single-character pieces; shape (3, words)."""
        encodings = self._encode_words(words)
        ids = _joined(encoding.ids for encoding in encodings)
        owners = _joined(
            WORDS_AT_ONCE * row + np.array(encoding.word_ids, dtype=np.int64)
            for row, encoding in enumerate(encodings)
        )
        offsets = _joined(
            np.fromiter(chain.from_iterable(encoding.offsets), np.int64).reshape(-1, 2)
            for encoding in encodings
        )
        offsets = np.maximum(offsets - len(self._before_word), 0)
        self.occurred[ids] = True
        unknown, single = ids == self._unknown_piece, offsets[:, 1] - offsets[:, 0] <= 1
        counts = np.stack(
            [
                np.bincount(owners[chosen], minlength=len(words))
                for chosen in (slice(None), unknown, single)
            ]
        )
        nothing_left = np.flatnonzero(counts[0] == 0)
        counts[:2, nothing_left] = 1
        counts[2, nothing_left] = [len(words[place]) <= 1 for place in nothing_left]
        return counts


def _joined(parts: Iterable[Sequence[int] | np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in parts])


class DistinctWords:
    """The number of distinct words, and of those that are single pieces.

    Words are stored as 63-bit hashes in eight bytes: the probability of a collision among ten
    million words is five in a million.

    Args:
        recent: minimum number of words to buffer before they are merged.
    """

    def __init__(self, recent: int = CHUNK) -> None:
        self._least = recent
        self._known = np.zeros(0, dtype=np.uint64)
        self._recent: list[np.ndarray] = []

    def add(self, words: Sequence[str], whole: np.ndarray) -> None:
        """Add words.

        Args:
            words: words, which may have been added before.
            whole: whether each word is a single piece; shape (words,).
        """
        hashes = hash_array(np.array(words, dtype=object), categorize=False)
        # The lowest bit is 1 if the word is a single piece.
        self._recent.append((hashes & ~np.uint64(1)) | whole.astype(np.uint64))
        # Merging only after the number of words has doubled limits the cost of sorting.
        if sum(map(len, self._recent)) > max(len(self._known), self._least):
            self._merge()

    def numbers(self) -> tuple[int, int]:
        """Number of distinct words, and of those that are single pieces."""
        self._merge()
        return len(self._known), int((self._known & np.uint64(1)).sum())

    def _merge(self) -> None:
        self._known = np.unique(np.concatenate([self._known, *self._recent]))
        self._recent = []


class _KnownWords:
    """A cache of distinct words, each split once.

    Args:
        tokenizer: tokenizer of the words.
        types: counter of distinct words.
        limit: maximum number of words; beyond it the cache is cleared.

    Attributes:
        measures: measures of each word, shape (7, words): 1, characters, pieces, unknown pieces,
            pieces of one character, whether there are several pieces, whether one is unknown.
    """

    def __init__(self, tokenizer: CountingTokenizer, types: DistinctWords, limit: int) -> None:
        self._tokenizer = tokenizer
        self._types = types
        self._limit = limit
        self._forget()

    def _forget(self) -> None:
        self._places: dict[str, int] = defaultdict(count().__next__)
        self.measures = np.zeros((7, 0), dtype=np.int64)

    def places(self, words: Sequence[str]) -> np.ndarray:
        """Column of each word in ``measures``; shape (words,)."""
        if len(self._places) > self._limit:
            self._forget()
        before = len(self._places)
        places = np.fromiter(map(self._places.__getitem__, words), np.int64, count=len(words))
        self._learn(list(islice(self._places, before, None)))
        return places

    def _learn(self, words: Sequence[str]) -> None:
        if not words:
            return
        counts = self._tokenizer.count(words)
        pieces, unknown = counts.pieces, counts.unknown
        self._types.add(words, (pieces == 1) & (unknown == 0))
        characters = np.fromiter(map(len, words), np.int64, count=len(words))
        measures = [np.ones_like(pieces), characters, pieces, unknown, counts.single]
        measures += [pieces > 1, unknown > 0]
        self.measures = np.concatenate([self.measures, np.stack(measures)], axis=1)


def tokenizer_statistics(
    sentences: Iterable[Sequence[str]], tokenizer: CountingTokenizer, chunk: int = CHUNK
) -> dict[str, int | float]:
    """Statistics of a tokenizer on some sentences.

    Args:
        sentences: words of each sentence; sentences without words do not count.
        tokenizer: new tokenizer without counts.
        chunk: number of words in memory at a time.

    Returns:
        Numbers: ``sentences``, ``words``, ``word_types`` (distinct words), ``characters`` (Unicode
        code points of the words) and ``pieces`` (without special tokens).
        Means: ``fertility``, pieces per word (Ács 2019), and ``characters_per_piece``.
        Shares, in percent: ``continued_words``, of words that are more than one piece (Rust et al.
        2021); ``unknown_pieces``, of pieces that are the unknown piece; ``unknown_words``, of words
        with such a piece; ``single_character_pieces``, of pieces that cover one character or a part
        of one, or are a bare word boundary; ``vocabulary_used``, of the vocabulary that occurs;
        ``whole_types``, of distinct words that are one known piece.
        Pieces per sentence: percentiles ``sentence_pieces_50`` and so on (nearest rank), and
        ``sentence_pieces_max``.
        Without any word, numbers are 0 and the rest is omitted.
    """
    totals = np.zeros(7, dtype=np.int64)
    lengths = np.zeros(1, dtype=np.int64)
    types = DistinctWords()
    known = _KnownWords(tokenizer, types, 2 * chunk)
    for words, starts in _chunks(sentences, chunk):
        tokens = known.places(words)
        totals += known.measures @ np.bincount(tokens, minlength=known.measures.shape[1])
        pieces = known.measures[_PIECES][tokens]
        more = np.bincount(np.add.reduceat(pieces, starts), minlength=len(lengths))
        more[: len(lengths)] += lengths
        lengths = more
    return _named(totals, lengths, types, tokenizer)


def _chunks(
    sentences: Iterable[Sequence[str]], chunk: int
) -> Iterator[tuple[list[str], list[int]]]:
    """Chunks of the words of whole sentences, with the start index of each sentence."""
    words: list[str] = []
    starts: list[int] = []
    for sentence in sentences:
        if sentence:
            starts.append(len(words))
            words.extend(sentence)
        if len(words) >= chunk:
            yield words, starts
            words, starts = [], []
    if words:
        yield words, starts


def _named(
    totals: np.ndarray, lengths: np.ndarray, types: DistinctWords, tokenizer: CountingTokenizer
) -> dict[str, int | float]:
    words, characters, pieces, unknown, single, continued, unknown_words = map(int, totals)
    distinct, whole = types.numbers()
    numbers: dict[str, int | float] = {
        "sentences": int(lengths.sum()),
        "words": words,
        "word_types": distinct,
        "characters": characters,
        "pieces": pieces,
    }
    if not words:
        return numbers
    numbers |= {
        "fertility": pieces / words,
        "continued_words": 100 * continued / words,
        "unknown_pieces": 100 * unknown / pieces,
        "unknown_words": 100 * unknown_words / words,
        "characters_per_piece": characters / pieces,
        "single_character_pieces": 100 * single / pieces,
        "vocabulary_used": 100 * tokenizer.coverage,
        "whole_types": 100 * whole / distinct,
    }
    for percent in PERCENTILES:
        # The nearest rank.
        rank = -(-percent * int(lengths.sum()) // 100)
        numbers[f"sentence_pieces_{percent}"] = int(np.searchsorted(lengths.cumsum(), rank))
    return numbers | {"sentence_pieces_max": len(lengths) - 1}
