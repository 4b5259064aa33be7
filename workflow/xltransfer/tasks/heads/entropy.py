"""The entropy of distributions over classes."""

from __future__ import annotations

import torch

_LEAST = -1e4


def mean_entropy(scores: torch.Tensor) -> torch.Tensor:
    """The mean entropy of the distributions that scores stand for, in nats; a scalar.

    Args:
        scores: unnormalised scores, shape (rows, classes); classes with a score of -infinity are
            impossible and add nothing.
    """
    logs = scores.float().log_softmax(dim=1)
    return -(logs.exp() * logs.clamp(min=_LEAST)).sum(dim=1).mean()
