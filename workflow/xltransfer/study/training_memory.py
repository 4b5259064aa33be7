"""Estimate of the memory of a fine-tuning, for choosing a GPU, accumulation and checkpointing.

Weights, gradients and the two moments of AdamW are in float32, 16 bytes per parameter; in mixed
precision a copy of the weights in bfloat16 is kept from the forward to the backward pass, 2 bytes.
Activations in half precision take 34 bytes per subword, unit of width and layer (Korthikanti et al.
2023, Reducing activation recomputation in large transformer models, equation 1). The matrices of
attention are left out, because attention is computed in blocks. With checkpointing, each layer
keeps its input, 2 bytes per unit, and one layer at a time has all its activations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .estimate import EncoderSize, Estimate

BYTES_PER_PARAMETER = 4 + 4 + 2 * 4 + 2
BYTES_PER_UNIT = 34
BYTES_PER_INPUT = 2


def training_bytes(size: EncoderSize, training: Mapping[str, Any]) -> float:
    """Bytes of a fine-tuning; the library itself and fragmentation come on top.

    Args:
        size: sizes of the encoder.
        training: settings ``batch_pieces``, ``accumulation`` and ``checkpointing``.
    """
    units = training["batch_pieces"] / training.get("accumulation", 1) * size.hidden
    activations = units * BYTES_PER_UNIT * size.layers
    if training.get("checkpointing"):
        activations = units * (BYTES_PER_INPUT * size.layers + BYTES_PER_UNIT)
    return size.parameters * BYTES_PER_PARAMETER + activations


def largest_trainings(estimate: Estimate) -> dict[str, float]:
    """Bytes of the largest fine-tuning of each encoder of the study, by its name."""
    found: dict[str, float] = {}
    for model in dict.fromkeys(estimate.models()):
        size = estimate.size(model.encoder)
        needed = training_bytes(size, estimate.settings(model))
        found[model.encoder] = max(needed, found.get(model.encoder, 0.0))
    return found
