"""Cross-entropy with label smoothing (Szegedy et al., CVPR 2016)."""

from __future__ import annotations

import torch
from torch.nn import functional


def smoothed_cross_entropy(
    scores: torch.Tensor, gold: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """Mean cross-entropy with label smoothing over the possible classes.

    The target of a row is (1 - smoothing) * one-hot(gold) + smoothing * uniform, where the uniform
    part covers the classes whose score is finite. PyTorch's smoothing covers all classes, so a
    class that is excluded by a score of -infinity makes its loss infinite.

    Args:
        scores: unnormalised scores, shape (rows, classes).
        gold: index of the gold class of each row, which needs a finite score; shape (rows,).
        smoothing: share of the uniform part, from 0 to below 1.

    Returns:
        A scalar; without smoothing, exactly PyTorch's cross-entropy.
    """
    if smoothing == 0:
        return functional.cross_entropy(scores, gold)
    possible = torch.isfinite(scores)
    # Masking must precede the sum, because 0 * infinity is NaN.
    logs = scores.log_softmax(dim=1).masked_fill(~possible, 0)
    uniform = logs.sum(dim=1) / possible.sum(dim=1)
    chosen = logs.gather(1, gold[:, None]).squeeze(1)
    return -((1 - smoothing) * chosen + smoothing * uniform).mean()
