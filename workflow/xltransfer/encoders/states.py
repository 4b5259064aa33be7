"""The states that an encoder computes for the subwords of a batch."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ..runtime.errors import InputError
from .lean_transformers import PreTrainedModel

CANINE = "canine"
_CANINE_MARGIN = 8
"""Minimum padding; with less, CANINE's states of a text depend on the amount of padding."""


def piece_states(
    encoder: PreTrainedModel,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    every_layer: bool = False,
    segments: torch.Tensor | None = None,
    first_layer: nn.Module | None = None,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """The states of the last layer, or of the embeddings and every layer.

    CANINE (Clark et al. 2022) was trained on rows of one length. Its deep layers have one state for
    every four characters and none for the last four of a row, so rows are padded. Each character
    gets the deep states of its group of four, as in CANINE itself.

    Args:
        encoder: encoder of transformers.
        input_ids, attention_mask: tensors of shape (rows, subwords).
        every_layer: whether to return layers + 1 states, the embeddings first.
        segments: number of the segment of each subword, same shape. Encoders without embeddings of
            two segments tell them apart by the special tokens between them.
        first_layer: the first layer, if its input is what ``every_layer`` shall return for the
            embeddings. Some architectures of transformers return what it was before hooks.

    Returns:
        A tensor of shape (rows, subwords, hidden), or a tuple of such tensors.
    """
    rows = {"input_ids": input_ids, "attention_mask": attention_mask}
    if segments is not None and getattr(encoder.config, "type_vocab_size", 0) > 1:
        rows["token_type_ids"] = segments
    pieces, characters = input_ids.shape[1], encoder.config.model_type == CANINE
    if characters:
        stride = encoder.config.local_transformer_stride
        length = -(-(pieces + _CANINE_MARGIN) // stride) * stride
        rows = {name: functional.pad(row, (0, length - pieces)) for name, row in rows.items()}
    if not every_layer:
        states = encoder(**rows).last_hidden_state
        return states[:, :pieces] if characters else states
    with _inputs(first_layer) as inputs:
        found = encoder(**rows, output_hidden_states=True).hidden_states
    if first_layer is not None:
        place = 2 if characters else 0
        found = (*found[:place], inputs[0], *found[place + 1 :])
    if not characters:
        return found
    rate = encoder.config.downsampling_rate
    # The shallow layers have two states before the deep layers and two after them. The first group
    # of four is at index 1 of the deep layers, because index 0 is a copy of the first character.
    deep = (torch.cat([state[:, 1:], state[:, -1:]], dim=1) for state in found[2:-2])
    return tuple(state.repeat_interleave(rate, dim=1)[:, :pieces] for state in deep)


@contextmanager
def _inputs(layer: nn.Module | None) -> Iterator[list[torch.Tensor]]:
    """The states that a layer reads, each time it is called; none without a layer."""
    read: list[torch.Tensor] = []

    def note(module: nn.Module, inputs: Any, named: dict[str, Any], output: Any) -> None:
        read.append(inputs[0] if inputs else named["hidden_states"])

    hook = layer and layer.register_forward_hook(note, with_kwargs=True)
    try:
        yield read
    finally:
        if hook:
            hook.remove()


def longest_row(encoder: PreTrainedModel, positions: int) -> int:
    """Maximum number of subwords per row of an encoder with this number of positions."""
    if encoder.config.model_type != CANINE:
        return positions
    return min(positions, encoder.config.max_position_embeddings) - _CANINE_MARGIN


def first_position(encoder: PreTrainedModel) -> int:
    """The index of the first position of a row in the table of positions.

    Raises:
        InputError: the positions of the encoder are relative or cannot be given.
    """
    accepted = "position_ids" in inspect.signature(encoder.forward).parameters
    table = position_table(encoder)
    if table is None or not accepted:
        raise InputError(
            f"{encoder.config.model_type} has no table of positions, which could start again at a "
            "second sentence; write `reset_positions: false`"
        )
    return reserved_positions(table)


def position_table(encoder: PreTrainedModel) -> nn.Embedding | None:
    """The embeddings of absolute positions."""
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            return module
    return None


def reserved_positions(table: nn.Embedding) -> int:
    """Number of positions that no subword has; RoBERTa counts from ``padding_idx + 1``."""
    return 0 if table.padding_idx is None else table.padding_idx + 1
