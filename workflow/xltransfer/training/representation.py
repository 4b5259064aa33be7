"""Vectors of sentences at every layer of an encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..encoders.batching import Example, collate, plan_examples
from ..encoders.kinds import kind_of_network
from ..encoders.reader import TextReader
from .loop import Precision
from .prediction import PREDICTION_BUDGET


@torch.inference_mode()
def sentence_vectors(
    encoder: nn.Module,
    tokenizer: TextReader,
    texts: Sequence[str],
    longest: int,
    device: torch.device,
    as_published: bool = False,
    precision: str = "float32",
) -> np.ndarray:
    """Mean of the states of a sentence's pieces, without special tokens, at every layer.

    Args:
        encoder: of a pretrained kind.
        tokenizer: of the encoder.
        texts: raw sentences; what is longer than the encoder takes is cut off.
        longest: the most pieces, special tokens included, that the encoder takes in one row.
        device: where to compute.
        as_published: the script of Muller et al. (2021) writes the special tokens around the text
            and then encodes it with special tokens again, so that the inner ones are averaged in.
        precision: of the encoder's passes, as for ``training.loop.Precision``.

    Returns:
        float32, shape (layers + 1, sentences, hidden); layer 0 are the embeddings.
    """
    encoder.eval()
    kind, context = kind_of_network(encoder), Precision(precision, device)
    nothing = np.zeros(0, dtype=np.int64)
    before, after = len(tokenizer.prefix), len(tokenizer.suffix)
    if as_published:
        longest -= before + after
    rows = tokenizer.rows(texts, longest)
    if as_published:
        rows = [np.array([*tokenizer.prefix, *row, *tokenizer.suffix]) for row in rows]
    examples = [Example([row], nothing, nothing) for row in rows]
    vectors: np.ndarray | None = None
    order = np.arange(len(examples))
    for indices in plan_examples(examples, PREDICTION_BUDGET[device.type], order):
        batch = collate(examples, indices, tokenizer.padding).to(device)
        with context:
            states = kind.layer_states(encoder, batch.input_ids, batch.attention_mask)
        lengths = batch.attention_mask.sum(dim=1)
        positions = torch.arange(batch.input_ids.shape[1], device=device)
        inside = (positions >= before) & (positions < (lengths - after)[:, None])
        weights = inside.float() / inside.sum(dim=1, keepdim=True).clamp(min=1)
        # One layer at a time, because the token states of all layers may not fit into memory.
        means = [torch.einsum("sp,sph->sh", weights, layer.float()).cpu() for layer in states]
        found = torch.stack(means).numpy()
        if vectors is None:
            vectors = np.zeros((len(found), len(examples), found.shape[2]), dtype=np.float32)
        vectors[:, indices] = found
    assert vectors is not None, "readers refuse files without sentences"
    return vectors
