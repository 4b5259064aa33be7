"""Prediction of masked subwords of a sentence with and without its translation in view."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..encoders.batch_plan import plan_batches
from ..encoders.language_embeddings import UNKNOWN, select_language, table_of
from ..encoders.lean_transformers import PreTrainedModel
from ..encoders.text_tokenizer import TextTokenizer
from .objectives.masked_lm import logits_of_rows
from .prediction import PREDICTION_BUDGET
from .text_streams import LineStream, PairStream, Stream
from .tokenised_text import TokenisedText

ALONE, TRANSLATION, UNRELATED = CONTEXTS = ("alone", "translation", "unrelated")
"""What the encoder sees besides a sentence: nothing, its translation, or another sentence of the
other language, which shows the effect of a second sentence as such."""


@dataclass(frozen=True)
class MaskedCounts:
    """Counts of the masked subwords of one side of parallel sentences, in one context.

    Attributes:
        side: side with the masked subwords, 0 or 1.
        context: one of ``CONTEXTS``.
        right, masked: correct predictions and masked subwords of each sentence; shape (sentences,).
    """

    side: int
    context: str
    right: np.ndarray
    masked: np.ndarray


def short_pairs(
    first: Sequence[str], second: Sequence[str], tokenizer: TextTokenizer, longest: int
) -> np.ndarray:
    """Indices of the pairs of which each sentence fills at most half a row, and is not empty.

    Any two of their sentences fit into a row, so all contexts have the same sentences. A sentence
    is empty if the tokenizer leaves nothing of it, as of control characters.

    Args:
        first, second: sentences.
        tokenizer: tokenizer of the encoder.
        longest: maximum number of subwords per row, including special tokens.
    """
    room = longest // 2 - len(tokenizer.prefix) - len(tokenizer.suffix)
    lengths = [
        np.array([len(found) for found in tokenizer.encode(some)]) for some in (first, second)
    ]
    return np.flatnonzero((np.maximum(*lengths) <= room) & (np.minimum(*lengths) > 0))


@torch.inference_mode()
def masked_counts(
    model: PreTrainedModel,
    tokenizer: TextTokenizer,
    sentences: tuple[Sequence[str], Sequence[str]],
    languages: tuple[str, str],
    longest: int,
    reset_positions: bool,
    masked_share: float,
    seed: int,
    device: torch.device,
) -> list[MaskedCounts]:
    """Predictions of masked subwords on both sides, in every context.

    The masked subwords are the same in all contexts and for all encoders with this tokenizer; all
    are replaced by the mask. The unrelated sentence is the translation of a sentence half the
    text away.

    Args:
        model: model with its head, on the device.
        tokenizer: tokenizer of the encoder.
        sentences: parallel sentences, those of ``short_pairs``.
        languages: their languages, for encoders with language embeddings.
        longest: maximum number of subwords per row, including special tokens.
        reset_positions: whether positions start again at the second sentence.
        masked_share: share of the subwords that are masked; at least one of each sentence.
        seed: seed of the masks.
        device: device of the model.
    """
    model.eval()
    select_language(model.base_model, "")
    texts = [TokenisedText(side, tokenizer, False, False) for side in sentences]
    table = table_of(model.base_model)
    known = {} if table is None else {code: n for n, code in enumerate(table.languages)}
    first, second = (known.get(code, UNKNOWN) for code in languages)
    spoken = (first, second) if known else None
    count, found = texts[0].lines, []
    indices = np.arange(count)
    for side, text in enumerate(texts):
        masked = _masked(text, tokenizer, masked_share, np.random.default_rng([seed, side]))
        turned = _turned(texts[1 - side], count // 2)
        for context in CONTEXTS:
            streams: list[Stream] = []
            for own in (masked, text):
                other = turned if context == UNRELATED else texts[1 - side]
                if context == ALONE:
                    language = None if spoken is None else spoken[side]
                    streams.append(LineStream(own, longest, language=language))
                else:
                    pair = (own, other) if side == 0 else (other, own)
                    streams.append(PairStream(*pair, longest, spoken, reset_positions))
            counts = _counts(model, *streams, indices, device)
            found.append(MaskedCounts(side, context, *counts))
    return found


def _masked(
    text: TokenisedText, tokenizer: TextTokenizer, share: float, draws: np.random.Generator
) -> TokenisedText:
    """A copy of a text with masks."""
    ordinary = np.isin(text.pieces, tokenizer.ordinary)
    chosen = (draws.random(len(text.pieces)) < share) & ordinary
    for start, end in zip(text.starts, text.ends, strict=True):
        places = start + np.flatnonzero(ordinary[start:end])
        place = draws.integers(max(1, len(places)))
        if len(places) and not chosen[start:end].any():
            chosen[places[place]] = True
    copied = copy.copy(text)
    copied.pieces = np.where(chosen, tokenizer.mask, text.pieces).astype(text.pieces.dtype)
    return copied


def _turned(text: TokenisedText, by: int) -> TokenisedText:
    """A text whose sentences start with another one; the first ones come last."""
    copied = copy.copy(text)
    cut = text.ends[by - 1] if by else 0
    copied.pieces = np.roll(text.pieces, -cut)
    copied.ends = np.cumsum(np.roll(text.ends - text.starts, -by))
    return copied


def _counts(
    model: PreTrainedModel, seen: Stream, wanted: Stream, rows: np.ndarray, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """Correct predictions and masked subwords of each sentence."""
    right, total = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    # All rows, one per sentence.
    given, correct = (stream.rows(np.random.default_rng(0)) for stream in (seen, wanted))
    for chosen in plan_batches(seen.lengths(given), PREDICTION_BUDGET[device.type], rows):
        some, truth = seen.collate(given[chosen]), wanted.collate(correct[chosen])
        masked = some.pieces != truth.pieces
        best = logits_of_rows(model, some, masked, device).argmax(dim=1).cpu()
        hits = (best == truth.pieces[masked]).numpy()
        owners = chosen[masked.nonzero()[:, 0].numpy()]
        total += np.bincount(owners, minlength=len(rows))
        right += np.bincount(owners, hits, minlength=len(rows)).astype(np.int64)
    return right, total
