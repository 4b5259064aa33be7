"""Apply an ablation to a pretrained encoder before fine-tuning."""

from __future__ import annotations

from torch import nn

from ..runtime.errors import InputError
from .ablations import KINDS, NEVER_PRETRAINED, NONE, Ablation, parse
from .kinds import kind_of_network


def ablate(model: nn.Module, name: str, seed: int) -> Ablation:
    """Apply an ablation in place.

    RANDOM-INIT draws all parameters of the layers with the model's own initialiser (for BERT:
    weights from N(0, initializer_range²), biases 0, LayerNorm 1 and 0). Language adapters in them
    become untrained ones, which change no state.

    Args:
        model: encoder.
        name: name of the ablation, as for ``ablations.parse``.
        seed: seed of the draw; with equal seeds a layer gets the same parameters in every ablation.

    Returns:
        The ablation with this name.

    Raises:
        InputError: the ablation is unknown, names layers that the encoder does not have, or the
            encoder is never pretrained.
    """
    ablation = parse(name)
    if name == NONE:
        return ablation
    kind = kind_of_network(model)
    if not kind.pretrained:
        raise InputError(
            f"{name}: {kind.name} has no pretraining that '{name}' could take away; its only "
            f"ablation is '{NONE}'"
        )
    if name == NEVER_PRETRAINED:
        model.load_state_dict(kind.redrawn(model, seed).state_dict())
        return ablation
    layers = slice(ablation.first - 1, ablation.last)
    own = kind.pretrained_parts(model)
    if ablation.last > len(own):
        raise InputError(f"{name}: the encoder has {len(own)} layers, not {ablation.last}")
    KINDS[ablation.kind].change(
        own[layers], lambda: kind.pretrained_parts(kind.redrawn(model, seed))[layers]
    )
    return ablation
