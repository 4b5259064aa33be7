"""Percentile bootstrap of a mean (Efron & Tibshirani, An Introduction to the Bootstrap, 1993)."""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
SAMPLES = 2000


def bootstrap_interval(values: np.ndarray, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """95 % confidence intervals of means over items that are drawn with replacement.

    Args:
        values: shape (items, …); all columns have the same draws.
        seed: seed of the draws.

    Returns:
        Lower and upper bounds, shape (…); NaN without items.
    """
    number = len(values)
    if not number:
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    draws = np.random.default_rng(seed)
    flat = values.reshape(number, -1).astype(np.float64)
    counts = draws.multinomial(number, np.full(number, 1 / number), SAMPLES)
    means = counts @ flat / number
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])
