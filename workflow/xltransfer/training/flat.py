"""Parameters in one buffer, so that clipping and steps need few kernel calls."""

from __future__ import annotations

from collections.abc import Iterable

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
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    flat = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in trained]))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for parameter in trained:
        end = start + parameter.numel()
        parameter.data = flat.data[start:end].view(parameter.shape)
        parameter.grad = flat.grad[start:end].view(parameter.shape)
        start = end
    return flat
