"""Tokenised raw text: one array for a whole corpus, and rows and batches that index it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import torch

from ..encoders.text_tokenizer import TextTokenizer

LINES_AT_ONCE = 4096
"""Number of lines tokenised at a time."""


@dataclass(frozen=True)
class Rows:
    """Some rows of a text, without special tokens; they may wrap around from its end to its start.

    Attributes:
        starts: index of the first piece of each row; shape (rows,).
        lengths: number of pieces of each row; same shape.
    """

    starts: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, chosen: np.ndarray) -> Rows:
        return Rows(self.starts[chosen], self.lengths[chosen])


class TokenisedText:
    """The pieces of a text: 4 bytes each, 5 with word starts.

    Args:
        lines: stream of lines.
        tokenizer: tokenizer of the encoder.
        separated: whether a separator (the special tokens that end a row) follows each line.
        words: whether to store word starts.

    Attributes:
        pieces: piece ids; shape (pieces,), 32 bits each.
        word_starts: whether a piece is the first of its word, or ``None``; same shape.
        ends: index after the last piece of each line; shape (lines,).
        tokenizer: tokenizer as given.
    """

    def __init__(
        self, lines: Iterable[str], tokenizer: TextTokenizer, separated: bool, words: bool
    ) -> None:
        self.tokenizer = tokenizer
        separator = tokenizer.suffix if separated else []
        pieces, counts, word_starts = [], [], []
        walk = iter(lines)
        while some := list(islice(walk, LINES_AT_ONCE)):
            encodings = tokenizer.encode(some)
            ids = chain.from_iterable(chain(encoding.ids, separator) for encoding in encodings)
            counts.append(np.array([len(encoding) + len(separator) for encoding in encodings]))
            pieces.append(np.fromiter(ids, np.int32, counts[-1].sum()))
            if words:
                starts = (_word_starts(encoding.word_ids, len(separator)) for encoding in encodings)
                word_starts.append(np.concatenate(list(starts)))
        self.pieces = np.concatenate([np.zeros(0, np.int32), *pieces])
        self.ends = np.cumsum(np.concatenate([np.zeros(0, np.int64), *counts]))
        self.word_starts = np.concatenate([np.zeros(0, bool), *word_starts]) if words else None

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.ends)

    @property
    def starts(self) -> np.ndarray:
        """Index of the first subword of each line; shape (lines,)."""
        return np.concatenate([np.zeros(min(1, self.lines), np.int64), self.ends[:-1]])

    def rows_by_line(self, longest: int) -> Rows:
        """Rows of one line each; overlong lines are split into several rows.

        Args:
            longest: maximum number of pieces per row, including special tokens.
        """
        room = self._room(longest)
        starts = self.starts
        per_line = -(-(self.ends - starts) // room)
        line = np.repeat(np.arange(self.lines), per_line)
        within = np.arange(len(line)) - np.repeat(np.cumsum(per_line) - per_line, per_line)
        row_starts = starts[line] + within * room
        return Rows(row_starts, np.minimum(room, self.ends[line] - row_starts))

    def rows_by_block(self, size: int, offset: int) -> Rows:
        """Full rows of continuous text; the last row has the remainder.

        Args:
            size: number of pieces per row, including special tokens.
            offset: index of the first piece; the text wraps around.
        """
        room = self._room(size)
        places = np.arange(0, len(self.pieces), room)
        starts = (places + offset) % max(1, len(self.pieces))
        return Rows(starts, np.minimum(room, len(self.pieces) - places))

    def of_round(
        self, draws: tuple[int, ...], rows: Rows, longest: int
    ) -> tuple[TokenisedText, Rows]:
        """The text and rows for a round over the text; the same in all rounds (``SampledText``)."""
        return self, rows

    def noise(self, draws: tuple[int, ...]) -> dict[str, int]:
        """What noise changes in a round, as JSON content; empty without noise."""
        return {}

    def _room(self, longest: int) -> int:
        return longest - len(self.tokenizer.prefix) - len(self.tokenizer.suffix)

    def collate(self, rows: Rows) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Padded tensors of some rows, with special tokens.

        Returns:
            Piece ids, the attention mask (1 for a piece, 0 for padding) and whether a word starts
            here, or ``None`` without word starts; shape (rows, pieces) each. The first piece of a
            row counts as a word start even if the word began in another row.
        """
        prefix, suffix = self.tokenizer.prefix, self.tokenizer.suffix
        before, longest = len(prefix), int(rows.lengths.max())
        shape = (len(rows), before + longest + len(suffix))
        index = (rows.starts[:, None] + np.arange(longest)) % len(self.pieces)
        inside = np.arange(longest) < rows.lengths[:, None]
        ids = np.full(shape, self.tokenizer.padding, dtype=np.int64)
        ids[:, :before] = prefix
        ids[:, before : before + longest][inside] = self.pieces[index[inside]]
        for place, piece in enumerate(suffix):
            ids[np.arange(len(rows)), before + rows.lengths + place] = piece
        filled = before + rows.lengths + len(suffix)
        mask = (np.arange(shape[1]) < filled[:, None]).astype(np.int64)
        words = None
        if self.word_starts is not None:
            words = np.ones(shape, dtype=bool)
            words[:, before : before + longest][inside] = self.word_starts[index[inside]]
            words[:, before] = True
        return (
            torch.from_numpy(ids),
            torch.from_numpy(mask),
            None if words is None else torch.from_numpy(words),
        )


def _word_starts(word_ids: list[int | None], separators: int) -> np.ndarray:
    owners = np.array([-1 if word is None else word for word in word_ids], dtype=np.int64)
    starts = np.ones(len(owners) + separators, dtype=bool)
    starts[1 : len(owners)] = owners[1:] != owners[:-1]
    return starts
