"""Raw text whose words are segmented at random, again in each round over the text."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..encoders.sampled_reading import SampledReading
from ..encoders.text_tokenizer import TextTokenizer
from .tokenised_text import Rows, TokenisedText

MOST_PIECES = 1 << 24
"""Number of subwords of earlier rounds that stay in memory."""


class SampledText(TokenisedText):
    """A text with one segmentation without randomness, which plans rows, and one for each round.

    Args:
        lines: lines, which can be iterated repeatedly.
        tokenizer, separated, words: as for ``TokenisedText``.
        settings: as for ``segmentation_of``.

    Raises:
        InputError: as for ``segmentation_of``.
    """

    def __init__(
        self,
        lines: Iterable[str],
        tokenizer: TextTokenizer,
        separated: bool,
        words: bool,
        settings: Mapping[str, Any],
    ) -> None:
        super().__init__(lines, tokenizer, separated, words)
        self._lines = lines
        self._separator = tokenizer.suffix if separated else []
        self._reading = SampledReading(tokenizer, settings)
        self._rounds: dict[tuple[int, ...], TokenisedText] = {}

    def of_round(
        self, draws: tuple[int, ...], rows: Rows, longest: int
    ) -> tuple[TokenisedText, Rows]:
        """The segmentation of a round, and the rows of it that correspond to some rows.

        Without packing, a row has the same line, or the same share of a line that was too long for
        one row; what exceeds the maximum is cut off. With packing, it starts at the same place of
        the text and has the same number of subwords.

        Args:
            draws: seed of the round; the draws of a line depend on it and on the line's number.
            rows: rows of the text without randomness.
            longest: maximum number of subwords per row, including special tokens.
        """
        text = self._of(draws)
        line = np.searchsorted(self.ends, rows.starts, side="right")
        before, new_before = (np.append(0, ends)[line] for ends in (self.ends, text.ends))
        stretch = (text.ends[line] - new_before) / (self.ends[line] - before)
        place = rows.starts - before
        starts = np.rint(place * stretch).astype(np.int64)
        if self._separator:
            return text, Rows(new_before + starts, rows.lengths)
        ends = np.rint((place + rows.lengths) * stretch).astype(np.int64)
        return text, Rows(new_before + starts, np.minimum(ends - starts, self._room(longest)))

    def _of(self, draws: tuple[int, ...]) -> TokenisedText:
        if draws not in self._rounds:
            text = self._segmented(draws)
            while sum(len(other.pieces) for other in self._rounds.values()) > MOST_PIECES:
                self._rounds.pop(next(iter(self._rounds)))
            self._rounds[draws] = text
        return self._rounds[draws]

    def _segmented(self, draws: Sequence[int]) -> TokenisedText:
        starts = np.append(0, self.ends)
        pieces, words, counts = [], [], []
        for number, line in enumerate(self._lines):
            old = slice(starts[number], starts[number + 1] - len(self._separator))
            found = self._reading.line(
                line, self.pieces[old].tolist(), np.random.default_rng([*draws, number])
            )
            if found is None:
                ids: Sequence[int] = self.pieces[old]
                first = None if self.word_starts is None else self.word_starts[old]
            else:
                ids, lengths = found
                first = np.zeros(len(ids), dtype=bool)
                first[np.cumsum(lengths) - lengths] = True
            pieces.append(np.array([*ids, *self._separator], dtype=np.int32))
            counts.append(len(pieces[-1]))
            if self.word_starts is not None:
                words.append(np.append(first, np.ones(len(self._separator), dtype=bool)))
        text = copy.copy(self)
        text.pieces = np.concatenate([np.zeros(0, np.int32), *pieces])
        text.ends = np.cumsum(np.array(counts, dtype=np.int64))
        text.word_starts = None if self.word_starts is None else np.concatenate(words)
        text._rounds = {}
        return text

    def noise(self, draws: tuple[int, ...]) -> dict[str, int]:
        """Number of subwords of the text in a round, and without noise; as JSON content."""
        separators = len(self.ends) * len(self._separator)
        return {
            "subwords": len(self._of(draws).pieces) - separators,
            "subwords_without_noise": len(self.pieces) - separators,
        }
