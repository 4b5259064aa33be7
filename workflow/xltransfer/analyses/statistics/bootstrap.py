"""Percentile bootstrap of a mean (Efron & Tibshirani, An Introduction to the Bootstrap, 1993)."""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
SAMPLES = 2000


def bootstrap_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % confidence intervals of means over items that are drawn with replacement.

    Args:
        values: shape (items, …); all columns have the same draws.

    Returns:
        Lower and upper bounds, shape (…); NaN without items.
    """
    number = len(values)
    if not number:
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    draws = np.random.default_rng(1)
    flat = values.reshape(number, -1).astype(np.float64)
    counts = draws.multinomial(number, np.full(number, 1 / number), SAMPLES)
    means = counts @ flat / number
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])


def ratio_interval(
    numerators: np.ndarray, denominators: np.ndarray, seed: int = 1, groups: int = 1
) -> tuple[float, float]:
    """A 95 % confidence interval of a ratio of sums over items, such as an accuracy over words.

    Args:
        numerators, denominators: counts of each item, which is drawn as a whole; shape (groups ×
            items,), as in ``tasks.metrics.counts``.
        seed: seed of the draws.
        groups: number of ratios whose mean is the score; the mean of a draw is over those that it
            has a denominator for.

    Returns:
        Lower and upper bound; NaN if there is no item, or a draw has no denominator.
    """
    above, below = (
        np.asarray(counts, dtype=np.float64).reshape(groups, -1)
        for counts in (numerators, denominators)
    )
    number = above.shape[1]
    if not number:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed)
    counts = draws.multinomial(number, np.full(number, 1 / number), SAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.stack([counts @ a / (counts @ b) for a, b in zip(above, below, strict=True)])
        known = ~np.isnan(ratios)
        means = np.where(known, ratios, 0).sum(axis=0) / known.sum(axis=0)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
