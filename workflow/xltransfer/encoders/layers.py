"""Layers used in several networks."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class SharedDropout(nn.Module):
    """Dropout of the same units for all words of a sentence.

    Args:
        probability: probability that a unit is dropped.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Drop units of ``states``, shape (sentences, words, units)."""
        if not self.training or self.probability == 0:
            return states
        keep = torch.ones_like(states[:, :1])
        return states * functional.dropout(keep, self.probability)
