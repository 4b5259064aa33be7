"""The size of an encoder, counted on its network without weights in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from .kinds import pretrained_kind_of


@dataclass(frozen=True)
class NetworkSize:
    """The size of an encoder.

    Attributes:
        parameters: number of weights, without pooler and heads.
        without_embeddings: number of weights outside tables of embeddings (of subwords, positions
            and segments), which are looked up and not multiplied (Kaplan et al. 2020, section 2.1).
        layers: number of layers.
        width: size of the states.
    """

    parameters: int
    without_embeddings: int
    layers: int
    width: int


def network_size(directory: Path) -> NetworkSize:
    """The size of the encoder in a directory, of which only ``config.json`` is read.

    Raises:
        InputError: the configuration cannot be used, the encoder is never pretrained, or its layers
            share their weights.
    """
    kind = pretrained_kind_of(directory)
    # Tensors on this device have a shape and no content, so the largest encoders fit.
    with torch.device("meta"):
        network = kind.empty(directory)
    tables = {
        id(module.weight): module.weight.numel()
        for module in network.modules()
        if isinstance(module, nn.Embedding)
    }
    total = sum(weight.numel() for weight in network.parameters())
    return NetworkSize(
        total,
        total - sum(tables.values()),
        len(kind.layers(network)),
        network.config.hidden_size,
    )
