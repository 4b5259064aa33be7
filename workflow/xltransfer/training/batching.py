"""Batches of sentences: windows for long ones, a token budget, little padding.

This is the batcher of everything that is read as words; raw text, which has none, is put together
in ``tokenised_text``. What it hands on speaks of words: a batch knows where in the encoder's
output the first piece of each word stands, so heads never see pieces, padding or windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ..encoders.tokenizer import WordPieces, WordTokenizer
from ..encoders.word_characters import WordCharacters
from .plan import plan_batches


@dataclass(slots=True)
class Example:
    """One sentence, ready for the encoder.

    Attributes:
        rows: piece ids with special tokens; one row, or several windows for a long sentence.
        word_row, word_position: where the first piece of each word stands; shape (words,).
        targets: what a task wants predicted, by name; shape (words,) each.
    """

    rows: list[np.ndarray]
    word_row: np.ndarray
    word_position: np.ndarray
    targets: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Pieces in the longest row."""
        return max(len(row) for row in self.rows)


@dataclass
class Batch:
    """Padded tensors of some sentences.

    Attributes:
        indices: which examples these are, in the order of the rows of ``word_index``.
        input_ids, attention_mask: shape (rows, pieces).
        word_index: index of each word's first piece in the flattened (rows × pieces) output;
            shape (sentences, words), 0 where there is no word.
        word_mask: which entries are words; same shape.
        targets: by name, same shape.
    """

    indices: np.ndarray
    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    word_index: torch.Tensor
    word_mask: torch.Tensor
    targets: dict[str, torch.Tensor]

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        if device.type == "cpu":
            return self
        moved = (
            tensor.to(device, non_blocking=True)
            for tensor in (self.input_ids, self.attention_mask, self.word_index, self.word_mask)
        )
        targets = {k: v.to(device, non_blocking=True) for k, v in self.targets.items()}
        return Batch(self.indices, *moved, targets)


def make_example(
    sentence: WordPieces, tokenizer: WordTokenizer | WordCharacters, max_length: int
) -> Example:
    """Wrap the pieces of a sentence in special tokens, in windows if they are too many.

    Args:
        sentence: its pieces.
        tokenizer: gives the special tokens.
        max_length: the most pieces, special tokens included, that the encoder takes at once.

    Returns:
        An example whose windows overlap by half; each word is read in the window in which it
        stands furthest from an edge.
    """
    room = max_length - len(tokenizer.prefix) - len(tokenizer.suffix)
    if len(sentence.pieces) <= room:
        starts = np.zeros(1, dtype=np.int64)
    else:
        stride = max(1, room // 2)
        starts = np.arange(0, len(sentence.pieces) - room + stride, stride)
    rows = [
        np.concatenate([tokenizer.prefix, sentence.pieces[start : start + room], tokenizer.suffix])
        for start in starts
    ]
    offset = sentence.first[:, None] - starts[None, :]
    ends = np.minimum(starts + room, len(sentence.pieces))
    distance = np.minimum(offset, (ends - 1)[None, :] - sentence.first[:, None])
    word_row = distance.argmax(axis=1)
    word_position = offset[np.arange(len(word_row)), word_row] + len(tokenizer.prefix)
    return Example([row.astype(np.int64) for row in rows], word_row, word_position)


def plan_examples(examples: Sequence[Example], budget: int, order: np.ndarray) -> list[np.ndarray]:
    """``plan_batches`` for examples, whose windows stay together."""
    lengths = np.array([example.length for example in examples])
    rows = np.array([len(example.rows) for example in examples])
    return plan_batches(lengths, budget, order, rows)


def training_batches(
    examples: Sequence[Example], budget: int, seed: int, epoch: int
) -> list[np.ndarray]:
    """The batches of one epoch, in random order; seed and epoch decide everything."""
    draws = np.random.default_rng([seed, epoch])
    batches = plan_examples(examples, budget, draws.permutation(len(examples)))
    return [batches[index] for index in draws.permutation(len(batches))]


def collate(examples: Sequence[Example], indices: np.ndarray, padding: int) -> Batch:
    """Pad some examples into tensors.

    Args:
        examples: all examples.
        indices: which ones.
        padding: piece id for the padding.
    """
    chosen = [examples[index] for index in indices]
    rows = [row for example in chosen for row in example.rows]
    pieces = max(len(row) for row in rows)
    words = max(len(example.word_row) for example in chosen)
    input_ids = np.full((len(rows), pieces), padding, dtype=np.int64)
    attention_mask = np.zeros((len(rows), pieces), dtype=np.int64)
    for place, row in enumerate(rows):
        input_ids[place, : len(row)] = row
        attention_mask[place, : len(row)] = 1
    word_index = np.zeros((len(chosen), words), dtype=np.int64)
    word_mask = np.zeros((len(chosen), words), dtype=bool)
    targets = {name: np.zeros((len(chosen), words), dtype=np.int64) for name in chosen[0].targets}
    first_row = 0
    for place, example in enumerate(chosen):
        count = len(example.word_row)
        word_index[place, :count] = (first_row + example.word_row) * pieces + example.word_position
        word_mask[place, :count] = True
        for name, values in example.targets.items():
            targets[name][place, :count] = values
        first_row += len(example.rows)
    return Batch(
        np.asarray(indices),
        torch.from_numpy(input_ids),
        torch.from_numpy(attention_mask),
        torch.from_numpy(word_index),
        torch.from_numpy(word_mask),
        {name: torch.from_numpy(values) for name, values in targets.items()},
    )
