"""Examples of sentences, and of pairs of sentences, whose label is predicted from one row.

A row is ``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]`` with the special tokens of the tokenizer.
What does not fit is removed at the end, of a pair always from the longer sentence: the strategy
``longest_first`` of transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from ..runtime.errors import InputError
from .batching import Example
from .reader import Reader

FIRST_TOKEN, MEAN_OF_ROW = POOLINGS = ("first", "mean")
"""States that a sentence is represented by: that of the first special token, or their mean."""


def sentence_examples(
    texts: Sequence[tuple[str, ...]], reader: Reader, longest: int, pooling: str
) -> list[Example]:
    """Examples of sentences and pairs, read as words that are separated by white space.

    Args:
        texts: one or two sentences each.
        reader: reader of subwords.
        longest: maximum number of subwords per row, with special tokens.
        pooling: one of ``POOLINGS``.

    Returns:
        One example each. Its positions are the first special token, or all subwords of the row,
        special tokens included. ``removed`` counts the subwords that do not fit.

    Raises:
        InputError: the encoder reads whole words, or has no special token at the beginning of a
            row although ``pooling`` is ``first``.
    """
    if reader.whole_words:
        raise InputError(
            "sentence classification: this encoder reads words, not text with its subwords; name "
            "an encoder of transformers with a tokenizer.json"
        )
    if pooling == FIRST_TOKEN and not reader.prefix:
        raise InputError(
            "sentence classification: the tokenizer has no special token before a sentence, which "
            "`pooling: first` reads; write `pooling: mean`"
        )
    words = [[text.split() for text in sentences] for sentences in texts]
    read = reader([list(chain.from_iterable(sentences)) for sentences in words])
    examples = []
    for sentences, found in zip(words, read, strict=True):
        # Words of the second sentence follow those of the first one.
        starts = np.append(found.first, len(found.pieces))
        bound = starts[len(sentences[0])]
        parts = [found.pieces[:bound], found.pieces[bound:]][: len(sentences)]
        examples.append(_example(parts, reader, longest, pooling))
    return examples


def kept_lengths(lengths: Sequence[int], room: int) -> list[int]:
    """The numbers of subwords that are kept of one or two sentences.

    Args:
        lengths: number of subwords of each sentence.
        room: maximum sum.

    Returns:
        The same numbers if they fit. Otherwise the longer sentence is shortened first; if both are
        longer than half of the room, each gets a half, and the longer one an odd subword. Of two
        equally long sentences, the second one counts as longer.
    """
    if len(lengths) == 1 or sum(lengths) <= room:
        return [min(length, room) for length in lengths]
    shorter = min(min(lengths), room // 2)
    longer = room - shorter
    return [longer, shorter] if lengths[0] > lengths[1] else [shorter, longer]


def _example(parts: Sequence[np.ndarray], reader: Reader, longest: int, pooling: str) -> Example:
    pair = len(parts) == 2
    special = len(reader.prefix) + len(reader.suffix) + (len(reader.between) if pair else 0)
    if longest - special < len(parts):
        raise InputError(
            f"sentence classification: a row of {longest} subwords has no room for a sentence "
            f"beside {special} special tokens; raise `row_pieces`"
        )
    lengths = kept_lengths([len(part) for part in parts], longest - special)
    kept = [part[:length] for part, length in zip(parts, lengths, strict=True)]
    head = [reader.prefix, kept[0], *([reader.between, kept[1]] if pair else [])]
    row = np.concatenate([*head, reader.suffix]).astype(np.int64)
    segments = np.zeros(len(row), dtype=np.int64)
    if pair:
        segments[len(row) - len(reader.suffix) - lengths[1] :] = 1
    positions = np.arange(1 if pooling == FIRST_TOKEN else len(row))
    return Example(
        [row],
        np.zeros(len(positions), dtype=np.int64),
        positions,
        segments=[segments] if pair else None,
        removed=sum(map(len, parts)) - sum(lengths),
    )
