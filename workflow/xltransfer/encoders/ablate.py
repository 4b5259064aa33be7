"""Apply an ablation to a pretrained encoder, before it is fine-tuned."""

from __future__ import annotations

from torch import nn

from ..runtime.errors import InputError
from .ablations import KINDS, NEVER_PRETRAINED, NONE, parse
from .kinds import kind_of_network


def ablate(model: nn.Module, name: str, seed: int) -> None:
    """Apply an ablation in place.

    RANDOM-INIT draws every parameter of the layers from the model's own initialiser (for BERT:
    weights from N(0, initializer_range²), biases 0, LayerNorm 1 and 0).

    Args:
        model: the encoder.
        name: of the ablation, as ``ablations.parse`` reads it.
        seed: decides the draw; equal seeds draw equal parameters for a layer in every ablation.

    Raises:
        InputError: the ablation is unknown or names layers that the encoder lacks.
    """
    ablation = parse(name)
    if name == NONE:
        return
    kind = kind_of_network(model)
    if name == NEVER_PRETRAINED:
        model.load_state_dict(kind.redrawn(model, seed).state_dict())
        return
    layers = slice(ablation.first - 1, ablation.last)
    own = list(kind.layers(model))
    if ablation.last > len(own):
        raise InputError(f"{name}: the encoder has {len(own)} layers, not {ablation.last}")
    KINDS[ablation.kind].change(
        own[layers], lambda: list(kind.layers(kind.redrawn(model, seed)))[layers]
    )
