"""Parameters in one buffer, so that clipping and stepping cost a few calls instead of hundreds."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


def flatten(parameters: Iterable[nn.Parameter]) -> nn.Parameter:
    """Move parameters, and their gradients, into one buffer, of which they become views.

    Element-wise optimisers such as AdamW do the same to the buffer as to its parts. The gradients
    must be set to zero after each step, never to ``None``, or the views come apart.

    Args:
        parameters: of one floating type, on one device; those without gradient are left alone.

    Returns:
        The buffer: one dimension, as long as the parameters have elements.
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
