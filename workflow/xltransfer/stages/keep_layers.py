"""Make an encoder of the lowest layers of another one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from ..encoders.adapted_directories import is_adapted
from ..encoders.families import LAYERS
from ..encoders.interface import PretrainedKind
from ..encoders.kinds import pretrained_kind_of
from ..encoders.weights import own_weights
from ..records.record import TOKENIZER_CONFIG, write_record
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing, write_json

OF_EACH_LAYER = ("layer_types", "attention_window")
"""Keys of ``config.json`` that may have a list with an item for each layer."""
PIECES = 8
"""Number of subwords whose states are compared."""

log = logging.getLogger(__name__)


def keep_layers(encoder: Path, layers: int, output: Path) -> None:
    """Make an encoder of the lowest layers of another one.

    Its states are those of the other encoder at these layers. The state of the highest one passes
    through the last normalisation of the encoder, if there is one; those below it are compared at
    the end.
    A head for masked language modelling, which reads the states of the top layer, is left out.

    Args:
        encoder: directory of the encoder.
        layers: number of layers to keep.
        output: output directory: ``config.json``, ``model.safetensors``, ``tokenizer.json``.

    Raises:
        InputError: the encoder cannot be used, has fewer layers, or its layers share their weights.
    """
    kind = pretrained_kind_of(encoder)
    if is_adapted(encoder):
        raise InputError(
            f"{encoder}/config.json: an adapter of another encoder, whose layers would stay; cut "
            "that encoder before the adapter is trained"
        )
    named = [path for path in (encoder / TOKENIZER_CONFIG,) if path.exists()]
    read = verified_encoder(encoder, kind.files) | verified_checksums(named)
    network = kind.load(encoder)
    stack = kind.layers(network)
    if not 0 < layers <= len(stack):
        raise InputError(
            f"{encoder}/config.json: has {len(stack)} layers, of which {layers} cannot be kept; "
            f"write a number from 1 to {len(stack)}"
        )
    kind.save_reader(network, encoder, output)
    config = lower_config(read_json(encoder / "config.json"), len(stack), layers)
    write_json(output / "config.json", config)
    with replacing(output / "model.safetensors") as temporary:
        save_file(_lower_weights(network, stack[layers:]), temporary, {"format": "pt"})
    _check_states(kind, network, output, layers)
    for name in (*kind.files, *(path.name for path in named)):
        write_record(output / name, "keep_layers", read)
    log.info("%d of %d layers are kept", layers, len(stack))


def lower_config(content: Mapping[str, Any], count: int, layers: int) -> dict[str, Any]:
    """The content of ``config.json`` for the lowest layers.

    Args:
        content: content of the file.
        count: number of layers.
        layers: number of layers to keep.
    """
    found = {**content, **{key: layers for key in LAYERS if content.get(key) == count}}
    for key in OF_EACH_LAYER:
        if isinstance(content.get(key), list) and len(content[key]) == count:
            found[key] = content[key][:layers]
    return found


def _lower_weights(network: nn.Module, removed: nn.ModuleList) -> dict[str, torch.Tensor]:
    """The weights that are not of the removed layers."""
    above = {id(value) for value in (*removed.parameters(), *removed.buffers())}
    every = (*network.named_parameters(), *network.named_buffers())
    names = {name for name, value in every if id(value) in above}
    return {
        name: value.contiguous()
        for name, value in own_weights(network).items()
        if name not in names
    }


def _check_states(kind: PretrainedKind, before: nn.Module, output: Path, layers: int) -> None:
    """Compare the states of a short input below the highest layer that is kept.

    Raises:
        InputError: they differ.
    """
    after = kind.load(output)
    ids = torch.arange(min(PIECES, kind.longest_input(before)))[None]
    with torch.inference_mode():
        states = [
            kind.layer_states(network.eval(), ids, torch.ones_like(ids))
            for network in (before, after)
        ]
    old, new = states[0][:layers], states[1][:layers]
    if len(states[1]) != layers + 1 or not all(
        torch.allclose(*pair, rtol=1e-4, atol=1e-5) for pair in zip(old, new, strict=True)
    ):
        raise InputError(
            f"{output.name}: the layers cannot be kept alone, because the states of the encoder "
            "would change; use the encoder as it is"
        )
