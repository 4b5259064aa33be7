"""How a tokenizer splits the words of a corpus.

The tokenizers of encoders treat every word of a sentence that is split into words on its own, so
each distinct word of late is split once and counts as often as it occurs. The numbers
are exactly those of splitting line by line.
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
"""Words that are held in memory at a time."""
_BATCH = 32_768
_PIECES = 2
"""Row of the pieces among the measures of words."""


@dataclass
class WordCounts:
    """What a tokenizer makes of some words; shapes (words,), integers.

    Attributes:
        pieces: number of pieces.
        unknown: number of pieces that are the unknown piece.
        single: number of pieces that cover one character of the word or a part of one.
    """

    pieces: np.ndarray
    unknown: np.ndarray
    single: np.ndarray


class CountingTokenizer(WordTokenizer):
    """A tokenizer that counts pieces and remembers which ones have occurred.

    Args:
        directory: holds ``tokenizer.json``.

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
        """Share of the vocabulary that has occurred; special and unknown pieces do not count."""
        ordinary = int(self._ordinary.sum())
        return int((self.occurred & self._ordinary).sum()) / ordinary if ordinary else 0.0

    def count(self, words: Sequence[str]) -> WordCounts:
        """Split words, each on its own.

        A word of which the tokenizer leaves nothing is one unknown piece, as it is to the encoder.
        """
        batches = [
            self._count_batch(words[start : start + _BATCH])
            for start in range(0, len(words), _BATCH)
        ]
        return WordCounts(*np.concatenate(batches, axis=1))

    def _count_batch(self, words: Sequence[str]) -> np.ndarray:
        """Pieces, unknown and single-character ones; shape (3, words)."""
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
    """How many distinct words there are, and how many of them are kept whole.

    Kept as hashes of 63 bits, eight bytes a word: among ten million words two share theirs with a
    probability of five in a million.

    Args:
        recent: how many words are set aside at least before they are sorted in.
    """

    def __init__(self, recent: int = CHUNK) -> None:
        self._least = recent
        self._known = np.zeros(0, dtype=np.uint64)
        self._recent: list[np.ndarray] = []

    def add(self, words: Sequence[str], whole: np.ndarray) -> None:
        """Add words.

        Args:
            words: that may have been added before.
            whole: whether each of them is kept whole; shape (words,).
        """
        hashes = hash_array(np.array(words, dtype=object), categorize=False)
        # The lowest bit says whether the word is kept whole.
        self._recent.append((hashes & ~np.uint64(1)) | whole.astype(np.uint64))
        # Not after every chunk, so that no word is sorted more often than the number doubles.
        if sum(map(len, self._recent)) > max(len(self._known), self._least):
            self._merge()

    def numbers(self) -> tuple[int, int]:
        """Number of distinct words, and of those that are kept whole."""
        self._merge()
        return len(self._known), int((self._known & np.uint64(1)).sum())

    def _merge(self) -> None:
        self._known = np.unique(np.concatenate([self._known, *self._recent]))
        self._recent = []


class _KnownWords:
    """Distinct words of late, each split once.

    Args:
        tokenizer: splits them.
        types: is told of them.
        limit: beyond so many of them all are forgotten.

    Attributes:
        measures: of each word, shape (7, words): 1, characters, pieces, unknown pieces, pieces of
            one character, whether there are several pieces, whether one is unknown.
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
        """Where each word stands in ``measures``; shape (words,)."""
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
    """How a tokenizer splits the words of some sentences.

    Args:
        sentences: the words of each; those without words do not count.
        tokenizer: a fresh one.
        chunk: words that are held in memory at a time.

    Returns:
        Numbers: ``sentences``, ``words``, ``word_types`` (distinct words), ``characters`` (Unicode
        code points of the words) and ``pieces`` (special tokens left out).
        Means: ``fertility``, pieces per word (Ács 2019), and ``characters_per_piece``.
        Shares, in percent: ``continued_words``, of words that are more than one piece (Rust et al.
        2021); ``unknown_pieces``, of pieces that are the unknown piece; ``unknown_words``, of words
        with such a piece; ``single_character_pieces``, of pieces that cover one character or a part
        of one, or are a bare word boundary; ``vocabulary_used``, of the vocabulary that occurs;
        ``whole_types``, of distinct words that are one known piece.
        Pieces of a sentence: ``sentence_pieces_50`` and so on, the least number that as many
        percent of the sentences do not exceed, and ``sentence_pieces_max``.
        Without any word, numbers are 0 and the rest is left out.
    """
    totals = np.zeros(7, dtype=np.int64)
    lengths = np.zeros(1, dtype=np.int64)
    types = DistinctWords()
    known = _KnownWords(tokenizer, types, 2 * chunk)
    for words, starts in _chunks(sentences, chunk):
        tokens = known.places(words)
        totals += known.measures @ np.bincount(tokens, minlength=known.measures.shape[1])
        pieces = known.measures[_PIECES][tokens]
        lengths = _sum(lengths, np.bincount(np.add.reduceat(pieces, starts)))
    return _named(totals, lengths, types, tokenizer)


def _chunks(
    sentences: Iterable[Sequence[str]], chunk: int
) -> Iterator[tuple[list[str], list[int]]]:
    """The words of whole sentences, and where each sentence starts among them."""
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


def _sum(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The sum of two histograms."""
    short, long = sorted((one, other), key=len)
    total = long.copy()
    total[: len(short)] += short
    return total


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
        numbers[f"sentence_pieces_{percent}"] = _percentile(lengths, percent)
    return numbers | {"sentence_pieces_max": len(lengths) - 1}


def _percentile(histogram: np.ndarray, percent: int) -> int:
    """The least value that at least so many percent do not exceed (nearest rank)."""
    rank = -(-percent * int(histogram.sum()) // 100)
    return int(np.searchsorted(histogram.cumsum(), rank))
