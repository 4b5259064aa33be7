"""Streams of rows for masked language modelling: lines, continuous text, and pairs of sentences.

A pair is two parallel sentences in one row, each with its special tokens, as in translation
language modelling (Lample & Conneau 2019). Both sentences may have positions from 0 on, and every
token may have a language.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
import torch

from .tokenised_text import Rows, TokenisedText


class TokenRows(NamedTuple):
    """Padded tensors of some rows, each of shape (rows, subwords).

    Attributes:
        pieces: subword ids with special tokens.
        attention_mask: 1 for a subword, 0 for padding.
        word_starts: whether a word starts here; ``None`` without word starts.
        languages: index of the language of each subword; ``None`` if languages do not matter.
        positions: index of each subword in its sentence; ``None``: in its row.
    """

    pieces: torch.Tensor
    attention_mask: torch.Tensor
    word_starts: torch.Tensor | None = None
    languages: torch.Tensor | None = None
    positions: torch.Tensor | None = None


class Stream(ABC):
    """Rows of one kind, of which batches consist.

    Attributes:
        sentences: number of sentences or pairs, for the sampling of languages.
    """

    sentences: int

    @abstractmethod
    def rows(self, draws: np.random.Generator) -> Any:
        """All rows once; they have a length and can be indexed by an array."""

    @abstractmethod
    def lengths(self, rows: Any) -> np.ndarray:
        """Number of subwords of some rows, including special tokens; shape (rows,)."""

    @abstractmethod
    def collate(self, rows: Any, draws: tuple[int, ...] | None = None) -> TokenRows:
        """Padded tensors of some rows.

        Args:
            rows: some of ``rows``.
            draws: seed of the noise of a round; ``None``: without noise.
        """

    def noise(self, draws: tuple[int, ...]) -> dict[str, int]:
        """What noise changes in a round, as JSON content; empty without noise."""
        return {}


class LineStream(Stream):
    """Rows of a text.

    Args:
        text: the text.
        longest: maximum number of subwords per row, including special tokens.
        blocks: whether rows are continuous text, which starts at a random subword in every round;
            otherwise they are lines.
        language: index of the language; ``None`` if languages do not matter.
    """

    def __init__(
        self, text: TokenisedText, longest: int, blocks: bool = False, language: int | None = None
    ) -> None:
        self.text, self.longest, self.blocks, self.language = text, longest, blocks, language
        self.sentences = text.lines

    def rows(self, draws: np.random.Generator) -> Rows:
        """Lines, or blocks from a random start."""
        if not self.blocks:
            return self.text.rows_by_line(self.longest)
        offset = draws.integers(max(1, len(self.text.pieces)))
        return self.text.rows_by_block(self.longest, offset)

    def lengths(self, rows: Rows) -> np.ndarray:
        """The lengths of rows with the special tokens around them."""
        return rows.lengths + _special_tokens(self.text)

    def noise(self, draws: tuple[int, ...]) -> dict[str, int]:
        """The noise of the text."""
        return self.text.noise(draws)

    def collate(self, rows: Rows, draws: tuple[int, ...] | None = None) -> TokenRows:
        """The tensors of ``TokenisedText``, all in one language."""
        text = self.text
        if draws is not None:
            text, rows = text.of_round(draws, rows, self.longest)
        pieces, mask, words = text.collate(rows)
        spoken = None if self.language is None else torch.full_like(pieces, self.language)
        return TokenRows(pieces, mask, words, spoken)


class PairStream(Stream):
    """Rows of two parallel sentences.

    Args:
        first, second: the two sides, with as many lines; word starts in both or in none.
        longest: maximum number of subwords per row, including special tokens; longer pairs are
            left out.
        languages: indices of both languages; ``None`` if languages do not matter.
        reset_positions: whether positions start again at the second sentence.

    Attributes:
        too_long: number of pairs that are left out.
    """

    def __init__(
        self,
        first: TokenisedText,
        second: TokenisedText,
        longest: int,
        languages: tuple[int, int] | None,
        reset_positions: bool,
    ) -> None:
        self.sides, self.languages = (first, second), languages
        self.reset_positions = reset_positions
        # One row for each line, however long.
        self._sides = [Rows(side.starts, side.ends - side.starts) for side in self.sides]
        self._kept = np.flatnonzero(self.lengths(np.arange(first.lines)) <= longest)
        self.sentences = len(self._kept)
        self.too_long = first.lines - self.sentences

    def rows(self, draws: np.random.Generator) -> np.ndarray:
        """Indices of the pairs that are not too long."""
        return self._kept

    def lengths(self, rows: np.ndarray) -> np.ndarray:
        """The lengths of both sentences, each with its special tokens."""
        return sum(
            lines.lengths[rows] + _special_tokens(side)
            for lines, side in zip(self._sides, self.sides, strict=True)
        )

    def collate(self, rows: np.ndarray, draws: tuple[int, ...] | None = None) -> TokenRows:
        """The sentences of each pair, one after the other."""
        found = [
            side.collate(lines[rows]) for side, lines in zip(self.sides, self._sides, strict=True)
        ]
        filled = [mask.bool() for _, mask, _ in found]
        lengths = [mask.sum(dim=1, keepdim=True) for mask in filled]
        places = torch.arange(int(sum(lengths).max())).expand(len(rows), -1)
        in_first = places < lengths[0]
        in_second = (places < sum(lengths)) & ~in_first

        def joined(kind: int, padding: int) -> torch.Tensor:
            values = torch.full(places.shape, padding, dtype=found[0][kind].dtype)
            # Both masks are read row by row, so every value stays in its row.
            values[in_first] = found[0][kind][filled[0]]
            values[in_second] = found[1][kind][filled[1]]
            return values

        words = None if found[0][2] is None else joined(2, 1)
        spoken = positions = None
        if self.languages is not None:
            spoken = torch.where(in_first, self.languages[0], self.languages[1])
        if self.reset_positions:
            positions = torch.where(in_second, places - lengths[0], places)
            positions = positions.where(in_first | in_second, 0)
        padding = self.sides[0].tokenizer.padding
        return TokenRows(joined(0, padding), joined(1, 0), words, spoken, positions)


def _special_tokens(text: TokenisedText) -> int:
    return len(text.tokenizer.prefix) + len(text.tokenizer.suffix)
