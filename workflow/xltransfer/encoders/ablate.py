"""Apply an ablation to a pretrained encoder, before it is fine-tuned."""

from __future__ import annotations

from ..runtime.errors import InputError
from .ablations import KINDS, NEVER_PRETRAINED, NONE, parse
from .lean_transformers import PreTrainedModel
from .transformer import layer_stack, new_encoder


def ablate(model: PreTrainedModel, name: str, seed: int) -> None:
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
    if name == NEVER_PRETRAINED:
        model.load_state_dict(new_encoder(model.config, seed).state_dict())
        return
    layers = slice(ablation.first - 1, ablation.last)
    own = list(layer_stack(model))
    if ablation.last > len(own):
        raise InputError(f"{name}: the encoder has {len(own)} layers, not {ablation.last}")
    KINDS[ablation.kind].change(
        own[layers], lambda: list(layer_stack(new_encoder(model.config, seed)))[layers]
    )
