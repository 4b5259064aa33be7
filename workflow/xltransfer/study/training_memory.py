"""Estimate of the memory of a fine-tuning, for choosing a GPU, accumulation and checkpointing.

Weights, gradients and the two moments of AdamW are in float32, 16 bytes per parameter; in mixed
precision a copy of the weights in bfloat16 is kept from the forward to the backward pass, 2 bytes.
Activations in half precision take 34 bytes per subword, unit of width and layer (Korthikanti et al.
2023, Reducing activation recomputation in large transformer models, equation 1): 16 values of two
bytes, and the two masks of dropout, of one byte each. In float32 they take 66 bytes. The matrices
of attention are left out, because attention is computed in blocks. With checkpointing, each layer
keeps its input, one value per unit, and one layer at a time has all its activations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .estimate import BYTES, EncoderSize, Estimate

MOMENTS = 2
VALUES, MASKS = 16, 2
"""Activations of a layer per subword and unit of width."""


def training_bytes(size: EncoderSize, training: Mapping[str, Any]) -> float:
    """Bytes of a fine-tuning; the library itself and fragmentation come on top.

    Args:
        size: sizes of the encoder.
        training: settings ``batch_pieces``, ``accumulation``, ``checkpointing`` and ``precision``;
            ``auto``, the default, counts as ``bfloat16``, as on GPUs.
    """
    single, half = BYTES["float32"], BYTES["bfloat16"]
    mixed = training.get("precision") != "float32"
    per_parameter = (2 + MOMENTS) * single + (half if mixed else 0)
    per_input = half if mixed else single
    per_unit = VALUES * per_input + MASKS
    units = training["batch_pieces"] / training.get("accumulation", 1) * size.hidden
    activations = units * per_unit * size.layers
    if training.get("checkpointing"):
        activations = units * (per_input * size.layers + per_unit)
    return size.parameters * per_parameter + activations


def largest_trainings(estimate: Estimate) -> dict[str, float]:
    """Bytes of the largest fine-tuning of each encoder of the study, by its name."""
    found: dict[str, float] = {}
    for model in dict.fromkeys(estimate.models()):
        size = estimate.size(model.encoder)
        needed = training_bytes(size, estimate.settings(model))
        found[model.encoder] = max(needed, found.get(model.encoder, 0.0))
    return found
