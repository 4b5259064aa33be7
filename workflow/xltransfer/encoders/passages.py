"""Examples of questions about passages: a row has the question and a window of the passage.

Long passages are read in overlapping windows, as in the script of Devlin et al. (2019) for SQuAD.
Every subword of every window is a position of the example, so the states of an example are those of
all its rows, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding

from ..runtime.errors import InputError
from .batching import Example
from .reader import Reader
from .tokenizer import WordTokenizer


@dataclass(frozen=True)
class WindowSizes:
    """Sizes in subwords.

    Attributes:
        row: longest row, with question and special tokens.
        stride: distance between the beginnings of two windows of a passage.
        question: number of subwords that are read of a question, from its beginning.
    """

    row: int
    stride: int
    question: int


@dataclass(frozen=True)
class PairFrame:
    """The ids around two texts in one row, as the encoder was pretrained or as for one text.

    Attributes:
        before, between, after: ids of special tokens; ``[CLS]``, ``[SEP]`` and ``[SEP]`` for BERT,
            ``<s>``, ``</s></s>`` and ``</s>`` for XLM-R.
    """

    before: list[int]
    between: list[int]
    after: list[int]

    @classmethod
    def of(cls, reader: WordTokenizer) -> PairFrame:
        """The frame of a tokenizer."""
        return cls(reader.prefix, reader.between, reader.suffix)

    @property
    def length(self) -> int:
        """Number of ids."""
        return len(self.before) + len(self.between) + len(self.after)


def passage_examples(
    pairs: Sequence[tuple[str, str]], reader: Reader, sizes: WindowSizes
) -> list[Example]:
    """Examples of questions about passages.

    Args:
        pairs: question and passage.
        reader: reader of raw text.
        sizes: sizes of windows; ``row`` at most what the encoder can read.

    Returns:
        One example per pair. Its inputs describe every position: ``begin`` and ``end``, the span
        of characters in the passage without surrounding white space, −1 for other positions and
        empty subwords; and ``may_start``, whether an answer may start there. This is so in the
        window in which the subword has the most context on its shorter side; equally good windows
        are ordered by their length, then by their place.

    Raises:
        InputError: the encoder does not read raw text, or no window fits beside a question.
    """
    if not isinstance(reader, WordTokenizer):
        raise InputError(
            "questions: this encoder reads words, not text with its subwords; name an encoder of "
            "transformers with a tokenizer.json"
        )
    frame = PairFrame.of(reader)
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    read = dict(zip(texts, reader.encodings(texts), strict=True))
    spans = {passage: _spans(read[passage], passage) for _, passage in pairs}
    return [
        _example(read[question].ids[: sizes.question], read[passage].ids, *spans[passage],
                 frame, sizes)
        for question, passage in pairs
    ]  # fmt: skip


def _spans(encoding: Encoding, text: str) -> tuple[np.ndarray, np.ndarray]:
    """The first character of each subword, and the one after its last; −1 if it has none."""
    spans = np.full((len(encoding.ids), 2), -1, dtype=np.int32)
    for place, (begin, end) in enumerate(encoding.offsets):
        covered = text[begin:end]
        if covered.strip():
            spans[place] = (
                begin + len(covered) - len(covered.lstrip()),
                begin + len(covered.rstrip()),
            )
    return spans[:, 0], spans[:, 1]


def _example(
    question: Sequence[int],
    passage: Sequence[int],
    begin: np.ndarray,
    end: np.ndarray,
    frame: PairFrame,
    sizes: WindowSizes,
) -> Example:
    room = sizes.row - frame.length - len(question)
    if room < 1 or (len(passage) > room and room < sizes.stride):
        raise InputError(
            f"questions: a row of {sizes.row} subwords leaves {max(room, 0)} for the passage, "
            f"fewer than `stride`, {sizes.stride}; lower `question_pieces` or `stride`, or raise "
            "`row_pieces` up to what the encoder reads"
        )
    starts = list(range(0, max(1, len(passage) - room + sizes.stride), sizes.stride))
    best = _windows_of_most_context(len(passage), starts, room)
    head = [*frame.before, *question, *frame.between]
    rows, segments, spans, may_start = [], [], [], []
    for number, start in enumerate(starts):
        window = slice(start, min(start + room, len(passage)))
        row = np.array([*head, *passage[window], *frame.after], dtype=np.int64)
        inside = slice(len(head), len(row) - len(frame.after))
        found = np.full((2, len(row)), -1, dtype=np.int32)
        found[:, inside] = begin[window], end[window]
        allowed = np.zeros(len(row), dtype=bool)
        allowed[inside] = best[window] == number
        rows.append(row)
        segments.append((np.arange(len(row)) >= len(head)).astype(np.int64))
        spans.append(found)
        may_start.append(allowed & (found[0] >= 0))
    lengths = [len(row) for row in rows]
    all_spans = np.concatenate(spans, axis=1)
    return Example(
        rows,
        np.repeat(np.arange(len(rows), dtype=np.int32), lengths),
        np.concatenate([np.arange(length, dtype=np.int32) for length in lengths]),
        segments=segments,
        inputs={"begin": all_spans[0], "end": all_spans[1], "may_start": np.concatenate(may_start)},
    )


def _windows_of_most_context(subwords: int, starts: Sequence[int], room: int) -> np.ndarray:
    """The window in which each subword has the most context; shape (subwords,)."""
    places = np.arange(subwords)[:, None]
    first = np.array(starts)[None, :]
    last = np.minimum(first + room, subwords) - 1
    context = np.minimum(places - first, last - places)
    # As published; a length decides between windows of equal context.
    preference = context + 0.01 * (last - first + 1)
    return np.where(context >= 0, preference, -np.inf).argmax(axis=1)
