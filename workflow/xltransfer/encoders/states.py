"""The states that an encoder computes for the pieces of a batch."""

from __future__ import annotations

from typing import Literal, overload

import torch
from torch.nn import functional

from .lean_transformers import PreTrainedModel

CANINE = "canine"
_CANINE_MARGIN = 8
"""Padding after which CANINE computes the same states of a text, however much more there is."""


@overload
def piece_states(
    encoder: PreTrainedModel, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor: ...


@overload
def piece_states(
    encoder: PreTrainedModel,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    every_layer: Literal[True],
) -> tuple[torch.Tensor, ...]: ...


def piece_states(
    encoder: PreTrainedModel,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    every_layer: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """The states of the last layer, or those of the embeddings and of every layer.

    CANINE (Clark et al. 2022) was trained on rows of one length. Its deep layers have a state for
    each four characters, and the last four of a row have none, so rows are padded; each character
    gets the state of its four in the deep layers, as CANINE itself hands them on.

    Args:
        encoder: any encoder of transformers.
        input_ids, attention_mask: shape (rows, pieces).
        every_layer: whether to return layers + 1 states, the embeddings first.

    Returns:
        Shape (rows, pieces, hidden), or a tuple of such.
    """
    rows = {"input_ids": input_ids, "attention_mask": attention_mask}
    pieces, characters = input_ids.shape[1], encoder.config.model_type == CANINE
    if characters:
        stride = encoder.config.local_transformer_stride
        length = -(-(pieces + _CANINE_MARGIN) // stride) * stride
        rows = {name: functional.pad(row, (0, length - pieces)) for name, row in rows.items()}
    if not every_layer:
        states = encoder(**rows).last_hidden_state
        return states[:, :pieces] if characters else states
    found = encoder(**rows, output_hidden_states=True).hidden_states
    if not characters:
        return found
    rate = encoder.config.downsampling_rate
    # Two states of the shallow encoder before the deep layers, two after them. The first of four
    # characters is at place 1 of the deep layers, for a copy of the first character precedes them.
    deep = (torch.cat([state[:, 1:], state[:, -1:]], dim=1) for state in found[2:-2])
    return tuple(state.repeat_interleave(rate, dim=1)[:, :pieces] for state in deep)


def longest_row(encoder: PreTrainedModel, positions: int) -> int:
    """The most pieces of a row of an encoder that has embeddings of so many positions."""
    if encoder.config.model_type != CANINE:
        return positions
    return min(positions, encoder.config.max_position_embeddings) - _CANINE_MARGIN
