"""The places of adapters in an encoder of any architecture, found by running it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from ..runtime.errors import InputError
from .lean_transformers import PreTrainedModel
from .transformer import layer_stack, read_short_row


class Place(NamedTuple):
    """Where the adapters of a layer are.

    Attributes:
        layer: the layer.
        norm: the normalisation whose output is that of the layer; ``None`` if the layer ends with a
            sum.
    """

    layer: nn.Module
    norm: nn.Module | None


def find_places(network: PreTrainedModel) -> list[Place]:
    """Where adapters belong in each layer; the encoder is run on a short input to find out.

    Raises:
        InputError: the encoder has no separate layers, or does not call them as modules.
    """
    layers = list(layer_stack(network))
    last_norm: dict[int, tuple[nn.Module, Any]] = {}
    outputs: dict[int, Any] = {}
    hooks = []

    def note_norm(number: int, module: nn.Module, inputs: Any, output: Any) -> None:
        last_norm[number] = module, output

    def note_layer(number: int, module: nn.Module, inputs: Any, output: Any) -> None:
        outputs[number] = output if isinstance(output, torch.Tensor) else output[0]

    for number, layer in enumerate(layers):
        hooks.append(layer.register_forward_hook(partial(note_layer, number)))
        norms = [m for m in layer.modules() if "norm" in type(m).__name__.lower()]
        hooks += [norm.register_forward_hook(partial(note_norm, number)) for norm in norms]
    try:
        read_short_row(network)
    finally:
        for hook in hooks:
            hook.remove()
    if len(outputs) < len(layers):
        raise InputError(
            f"adapter: the layers of {network.config.model_type} are not modules that it calls one "
            "after the other; fine-tune it without adapters"
        )
    places = []
    for number, layer in enumerate(layers):
        norm, output = last_norm.get(number, (None, None))
        places.append(Place(layer, norm if output is outputs[number] else None))
    return places
