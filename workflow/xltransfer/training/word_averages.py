"""Word vectors from an encoder: the mean state of a word over its occurrences in raw text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..corpora.word_tokens import lowercased
from ..embeddings.word_vectors import WordVectors
from ..encoders.batching import FIRST, Batch, collate, make_example, plan_examples
from ..encoders.kinds import kind_of_network
from ..encoders.reader import TextReader
from ..runtime.errors import InputError
from .loop import Precision
from .prediction import PREDICTION_BUDGET

SENTENCES_AT_ONCE = 4096
"""Sentences that are tokenised and sorted by length together."""


@torch.inference_mode()
def average_word_states(
    encoder: nn.Module,
    tokenizer: TextReader,
    sentences: Sequence[Sequence[str]],
    layer: int,
    longest: int,
    device: torch.device,
    minimum_count: int,
    word_state: str,
    lowercase: bool,
    precision: str = "float32",
) -> WordVectors:
    """The mean state of each word over its occurrences, in one layer.

    Args:
        encoder: encoder of a pretrained kind.
        tokenizer: reader of the encoder.
        sentences: sentences that are split into words, in the case that the encoder reads.
        layer: number of the layer; 0 are the embeddings.
        longest: maximum number of subwords per row; longer sentences are read in windows.
        device: device of the encoder.
        minimum_count: how often a word must occur.
        word_state: subwords that represent a word, one of ``batching.WORD_STATES``.
        lowercase: whether occurrences that differ in case are one word.
        precision: precision of the encoder, as for ``training.loop.Precision``.

    Returns:
        float32 vectors, most frequent words first, then by code points.

    Raises:
        InputError: the encoder has no such layer, or no word is frequent enough.
    """
    names = [[lowercased(word) if lowercase else word for word in words] for words in sentences]
    counts = Counter(word for words in names for word in words)
    kept = sorted(
        (word for word in counts if counts[word] >= minimum_count),
        key=lambda word: (-counts[word], word),
    )
    if not kept:
        raise InputError(
            f"no word of the text occurs {minimum_count} times; lower `minimum_count`, or give "
            "more text"
        )
    rows = {word: place for place, word in enumerate(kept)}
    encoder.eval()
    sums: torch.Tensor | None = None
    state = FIRST if tokenizer.whole_words else word_state
    for start in range(0, len(sentences), SENTENCES_AT_ONCE):
        read = tokenizer(sentences[start : start + SENTENCES_AT_ONCE])
        examples = [make_example(pieces, tokenizer, longest, state) for pieces in read]
        for indices in plan_examples(
            examples, PREDICTION_BUDGET[device.type], np.arange(len(examples))
        ):
            batch = collate(examples, indices, tokenizer.padding).to(device)
            states = _word_states(encoder, batch, layer, Precision(precision, device))
            found = [rows.get(word, -1) for index in indices for word in names[start + index]]
            places = torch.tensor(found)
            if sums is None:
                sums = torch.zeros(len(kept), states.shape[1], dtype=torch.float64)
            sums.index_add_(0, places[places >= 0], states[places >= 0])
    assert sums is not None, "there are words, so there are sentences"
    means = sums / torch.tensor([counts[word] for word in kept])[:, None]
    return WordVectors(kept, means.float().numpy())


def _word_states(encoder: nn.Module, batch: Batch, layer: int, context: Precision) -> torch.Tensor:
    """The states of all words of a batch in a layer, on the CPU; shape (words, hidden)."""
    kind = kind_of_network(encoder)
    with context:
        layers = kind.layer_states(encoder, batch.input_ids, batch.attention_mask)
    if not 0 <= layer < len(layers):
        raise InputError(
            f"the encoder has the layers 0 to {len(layers) - 1}, not {layer}; choose one of these"
        )
    return batch.states(layers[layer].float())[batch.word_mask].double().cpu()
