"""Parameters in one buffer, so that clipping and steps need few kernel calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn


def flatten(parameters: Iterable[nn.Parameter]) -> nn.Parameter:
    """Move parameters and their gradients into one buffer, of which they become views.

    Element-wise optimisers such as AdamW give the same result on the buffer as on its parts. The
    gradients must be reset to zero after each step; ``None`` would detach the views.

    Args:
        parameters: parameters of one floating type on one device; those without gradient are
            skipped.

    Returns:
        The buffer: one-dimensional, with all elements of the parameters.
    """
    trained = trained_parameters(parameters)
    flat = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in trained]))
    flat.grad = torch.zeros_like(flat)
    _make_views(flat, trained)
    return flat


def trained_parameters(parameters: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    """The parameters with gradient, in the order that they have in the buffer of ``flatten``."""
    return [parameter for parameter in parameters if parameter.requires_grad]


def move(
    flat: nn.Parameter,
    trained: Sequence[nn.Parameter],
    weights: torch.Tensor,
    gradients: torch.Tensor,
) -> None:
    """Move a buffer from ``flatten``, and the parameters that are views of it, to other memory.

    Optimisers and models keep their objects and find the same numbers in them.

    Args:
        flat: buffer with n elements.
        trained: the parameters that it was made of.
        weights, gradients: memory for its elements and their gradients, shape (n,).
    """
    weights.copy_(flat.detach())
    gradients.copy_(flat.grad)
    flat.data, flat.grad = weights, gradients
    _make_views(flat, trained)


def _make_views(flat: nn.Parameter, trained: Iterable[nn.Parameter]) -> None:
    start = 0
    for parameter in trained:
        end = start + parameter.numel()
        parameter.data = flat.data[start:end].view(parameter.shape)
        parameter.grad = flat.grad[start:end].view(parameter.shape)
        start = end
