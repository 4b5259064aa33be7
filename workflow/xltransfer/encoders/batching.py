"""Batches of sentences: windows for long sentences, a budget of subwords, little padding.

This module batches sentences that are split into words; ``tokenised_text`` batches raw text. A
batch contains the index of each word's state in the output of the encoder, so heads are
independent of subwords, padding and windows.

By default the state of a word is that of its first subword with content. SentencePiece vocabularies
mark the beginning of a word; if they have no subword of the marker and the word's first letters,
the first subword is the bare marker (for 85 % of Chinese words with the vocabulary of XLM-R).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from .batch_plan import plan_batches
from .reader import Reader, WordPieces

FIRST, FIRST_CONTENT, MEAN, LAST = WORD_STATES = ("first", "first-content", "mean", "last")
"""Choices of the subword whose state represents a word, or the mean of all its subwords."""


@dataclass(slots=True)
class Example:
    """A tokenised sentence.

    Attributes:
        rows: subword ids with special tokens; one row, or several windows for a long sentence.
        word_row, word_position: row and position of the subword that represents each word, or of
            the first one for a mean; shape (words,).
        targets: prediction targets of a task by name, of any shape: (words,) for a value per word,
            () for one per sentence, (pairs, 2) for pairs of words.
        word_length: number of subwords to average from there on; ``None``: one for each word.
        segments: number of the segment of each subword, 0 or 1, for each row; ``None``: one
            segment.
        inputs: what a head reads besides states, by name, of any shape: known at prediction too.
        removed: number of subwords that were removed because the row would be too long.
    """

    rows: list[np.ndarray]
    word_row: np.ndarray
    word_position: np.ndarray
    targets: dict[str, np.ndarray] = field(default_factory=dict)
    word_length: np.ndarray | None = None
    segments: list[np.ndarray] | None = None
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    removed: int = 0

    @property
    def length(self) -> int:
        """Number of subwords in the longest row."""
        return max(len(row) for row in self.rows)


@dataclass
class Batch:
    """Padded tensors of some sentences.

    Attributes:
        indices: indices of the examples, in the order of the rows of ``word_index``.
        input_ids, attention_mask: tensors of shape (rows, subwords).
        word_index: index of the subword that represents each word, or of the first one for a mean,
            in the flattened (rows × subwords) output; shape (sentences, words), 0 for padding.
        word_mask: whether an entry is a word; same shape.
        targets: targets by name, each padded with 0 to the largest shape among the sentences; shape
            (sentences, …).
        word_length: number of subwords to average from ``word_index`` on, 1 for padding; same
            shape. ``None``: one for each word.
        segments: number of the segment of each subword; shape (rows, subwords). ``None``: one
            segment.
        inputs: what heads read besides states, by name, padded like targets.
    """

    indices: np.ndarray
    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    word_index: torch.Tensor
    word_mask: torch.Tensor
    targets: dict[str, torch.Tensor]
    word_length: torch.Tensor | None = None
    segments: torch.Tensor | None = None
    inputs: dict[str, torch.Tensor] = field(default_factory=dict)

    def to(self, device: torch.device) -> Batch:
        """This batch on a device."""
        if device.type == "cpu":
            return self

        def moved(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: moved(tensor) for name, tensor in value.items()}
            is_tensor = isinstance(value, torch.Tensor)
            return value.to(device, non_blocking=True) if is_tensor else value

        return Batch(**moved(vars(self)))

    def states(self, pieces: torch.Tensor) -> torch.Tensor:
        """The states of the words.

        Args:
            pieces: states of all subwords, shape (rows, subwords, hidden).

        Returns:
            Shape (sentences, words, hidden).
        """
        flat = pieces.flatten(0, 1)
        if self.word_length is None:
            return flat[self.word_index]
        total = flat[self.word_index]
        for place in range(1, int(self.word_length.max())):
            more = place < self.word_length
            following = flat[torch.where(more, self.word_index + place, self.word_index)]
            total = total + following * more[..., None]
        return total / self.word_length[..., None]


def make_example(
    sentence: WordPieces,
    tokenizer: Reader,
    max_length: int,
    word_state: str = FIRST_CONTENT,
) -> Example:
    """Add special tokens to the subwords of a sentence; split it into windows if it is too long.

    Args:
        sentence: subwords of the sentence.
        tokenizer: reader with the special tokens.
        max_length: maximum number of subwords per row, including special tokens.
        word_state: subwords that represent a word, one of ``WORD_STATES``.

    Returns:
        An example. Its windows overlap by half; each word is read in the window where it is
        furthest from an edge. A mean covers the subwords of the word in this window.
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
    read, length = _read_from(sentence, word_state)
    offset = read[:, None] - starts[None, :]
    ends = np.minimum(starts + room, len(sentence.pieces))
    distance = np.minimum(offset, (ends - 1)[None, :] - read[:, None])
    word_row = distance.argmax(axis=1)
    word_position = offset[np.arange(len(word_row)), word_row] + len(tokenizer.prefix)
    if length is not None:
        length = np.minimum(length, ends[word_row] - read)
    rows = [row.astype(np.int64) for row in rows]
    return Example(rows, word_row, word_position, word_length=length)


def joined_example(
    first: WordPieces, second: WordPieces, tokenizer: Reader, word_state: str = FIRST_CONTENT
) -> Example:
    """Two sentences in one row, as for pairs of sentences in Devlin et al. (2019).

    Args:
        first, second: subwords of the sentences.
        tokenizer: reader with the special tokens; the suffix follows each sentence.
        word_state: subwords that represent a word, one of ``WORD_STATES``.

    Returns:
        An example with the words of both sentences, in order, and their segments.
    """
    before, between = len(tokenizer.prefix), len(tokenizer.suffix)
    row = [tokenizer.prefix, first.pieces, tokenizer.suffix, second.pieces, tokenizer.suffix]
    ends = before + len(first.pieces) + between
    segments = np.zeros(sum(map(len, row)), dtype=np.int64)
    segments[ends:] = 1
    read, lengths = zip(
        *(_read_from(sentence, word_state) for sentence in (first, second)), strict=True
    )
    position = np.concatenate([read[0] + before, read[1] + ends])
    averaged = None if lengths[0] is None else np.concatenate(lengths)
    return Example(
        [np.concatenate(row).astype(np.int64)],
        np.zeros(len(position), dtype=np.int64),
        position,
        word_length=averaged,
        segments=[segments],
    )


def _read_from(sentence: WordPieces, word_state: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Index of the first subword to read of each word, and for a mean the number of subwords."""
    following = np.append(sentence.first[1:], len(sentence.pieces))
    if word_state == FIRST:
        return sentence.first, None
    if word_state == FIRST_CONTENT:
        return (sentence.first if sentence.content is None else sentence.content), None
    if word_state == LAST:
        return following - 1, None
    if word_state == MEAN:
        return sentence.first, following - sentence.first
    raise ValueError(f"'{word_state}' is none of {', '.join(WORD_STATES)}")


def plan_examples(examples: Sequence[Example], budget: int, order: np.ndarray) -> list[np.ndarray]:
    """``plan_batches`` for examples; windows of a sentence stay together."""
    lengths = np.array([example.length for example in examples])
    rows = np.array([len(example.rows) for example in examples])
    return plan_batches(lengths, budget, order, rows)


def training_batches(
    examples: Sequence[Example], budget: int, seed: int, epoch: int
) -> list[np.ndarray]:
    """The batches of one epoch in random order, which depends on seed and epoch only."""
    draws = np.random.default_rng([seed, epoch])
    batches = plan_examples(examples, budget, draws.permutation(len(examples)))
    return [batches[index] for index in draws.permutation(len(batches))]


def collate(examples: Sequence[Example], indices: np.ndarray, padding: int) -> Batch:
    """A padded batch of some examples.

    Args:
        examples: all examples.
        indices: indices of the examples of the batch.
        padding: subword id for padding.
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
    averaged = chosen[0].word_length is not None
    word_length = np.ones((len(chosen), words), dtype=np.int64)
    first_row = 0
    for place, example in enumerate(chosen):
        count = len(example.word_row)
        word_index[place, :count] = (first_row + example.word_row) * pieces + example.word_position
        word_mask[place, :count] = True
        if example.word_length is not None:
            word_length[place, :count] = example.word_length
        first_row += len(example.rows)
    return Batch(
        np.asarray(indices),
        torch.from_numpy(input_ids),
        torch.from_numpy(attention_mask),
        torch.from_numpy(word_index),
        torch.from_numpy(word_mask),
        {name: padded([e.targets[name] for e in chosen]) for name in chosen[0].targets},
        torch.from_numpy(word_length) if averaged else None,
        None if chosen[0].segments is None else padded([s for e in chosen for s in e.segments]),
        {name: padded([e.inputs[name] for e in chosen]) for name in chosen[0].inputs},
    )


def padded(values: Sequence[np.ndarray]) -> torch.Tensor:
    """Arrays of one type and number of dimensions, padded with 0 to their largest shape.

    Returns:
        Shape (arrays, …).
    """
    shape = np.max([value.shape for value in values], axis=0)
    found = np.zeros((len(values), *map(int, shape)), dtype=values[0].dtype)
    for place, value in enumerate(values):
        found[(place, *map(slice, value.shape))] = value
    return torch.from_numpy(found)
