"""RANDOM-INIT: re-draw some layers of a pretrained encoder before fine-tuning.

Muller, Elazar, Sagot & Seddah (EACL 2021): a pair of consecutive layers loses its pretraining, all
else keeps it, and then everything is fine-tuned. Every parameter of the layers is drawn anew by the
model's own initialiser (for BERT: weights from N(0, initializer_range²), biases 0, LayerNorm 1 and
0).
"""

from __future__ import annotations

import re

from torch import nn

from ..runtime.errors import InputError
from .kinds import kind_of_network

NONE, ALL = "none", "random-init-all"
_PAIR = re.compile(r"random-init-(\d+)-(\d+)")


def ablated_layers(ablation: str) -> tuple[int, int] | None:
    """First and last layer (1-based, inclusive) of a RANDOM-INIT ablation of layers.

    ``None`` for the two other ablations: ``none`` (the pretrained encoder as it is) and
    ``random-init-all`` (the same architecture, never pretrained).

    Raises:
        InputError: the name is not an ablation.
    """
    if ablation in (NONE, ALL):
        return None
    match = _PAIR.fullmatch(ablation)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(
            f"'{ablation}' is no ablation; use {NONE}, random-init-<first>-<last> or {ALL}"
        )
    return int(match[1]), int(match[2])


def reinitialise(model: nn.Module, ablation: str, seed: int) -> None:
    """Apply an ablation to a pretrained encoder, in place.

    Args:
        model: the encoder.
        ablation: ``none``, ``random-init-<first>-<last>`` or ``random-init-all``.
        seed: decides the draw; equal seeds draw equal parameters for a layer in every ablation.

    Raises:
        InputError: the ablation is unknown or names layers that the encoder lacks.
    """
    layers = ablated_layers(ablation)
    if ablation == NONE:
        return
    kind = kind_of_network(model)
    drawn = kind.redrawn(model, seed)
    if layers is None:
        model.load_state_dict(drawn.state_dict())
        return
    first, last = layers
    stack, fresh = kind.layers(model), kind.layers(drawn)
    if last > len(stack):
        raise InputError(f"{ablation}: the encoder has {len(stack)} layers, not {last}")
    for number in range(first - 1, last):
        stack[number].load_state_dict(fresh[number].state_dict())
