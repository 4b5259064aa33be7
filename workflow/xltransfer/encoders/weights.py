"""The weights of a network, and their file."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ..records.record import NEEDED_BY
from ..runtime.errors import InputError
from .configuration import reason_of


def own_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a model by name.

    Tied weights appear once: under their name in the encoder, of which a model with a head is made,
    if they are in it, and under their first name otherwise.
    """
    names = _names(model)
    return {names[name]: value for name, value in model.state_dict().items() if name in names}


def _names(model: nn.Module) -> dict[str, str]:
    """The names in ``own_weights`` by the first name of each weight."""
    weights = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    encoder = getattr(model, "base_model", model)
    if encoder is model:
        return {name: name for name in weights}
    # XLM-R and CamemBERT make the head first, and so name a matrix that both share.
    prefix = model.base_model_prefix
    of_encoder = {id(value): f"{prefix}.{name}" for name, value in encoder.named_parameters()}
    return {name: of_encoder.get(id(value), name) for name, value in weights.items()}


def changing_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a model that its training may change: without frozen parameters."""
    names = _names(model)
    frozen = {names[name] for name, value in model.named_parameters() if not value.requires_grad}
    return {name: value for name, value in own_weights(model).items() if name not in frozen}


def count_parameters(model: nn.Module) -> dict[str, int]:
    """The number of parameters: ``all``, and ``trained`` without frozen ones."""
    sizes = [(value.numel(), value.requires_grad) for value in model.parameters()]
    trained = sum(number for number, requires_gradient in sizes if requires_gradient)
    return {"all": sum(number for number, _ in sizes), "trained": trained}


def check_safetensors(path: Path) -> None:
    """Reject a weights file that is missing, truncated or of another format.

    Raises:
        InputError: the file cannot be used; names the file and the remedy.
    """
    notes = path.parent / NEEDED_BY
    if not path.exists() and notes.exists():
        raise InputError(
            f"{path}: the weights were dropped to save space; remove {notes} and run again, which "
            "trains the model anew"
        )
    if not path.exists():
        raise InputError(
            f"{path}: no such file; weights are read from safetensors only, "
            "convert the checkpoint with save_pretrained"
        )
    try:
        with safe_open(path, framework="pt"):
            pass
    except SafetensorError as error:
        raise InputError(
            f"{path}: damaged or not a safetensors file ({reason_of(error)}); fetch it again"
        ) from None
