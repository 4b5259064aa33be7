"""Which differences are more than chance: a paired bootstrap over sentences, t intervals of seeds.

Sentences are drawn with replacement, the same ones for both arms of a comparison (Koehn, EMNLP
2004; Berg-Kirkpatrick, Burkett & Klein, EMNLP 2012). Seeds are too few to be drawn: an interval of
means of three can never leave their range, and calls every fourth difference real where there is
none. Instead, each resample's mean over seeds is moved by a draw from Student's t distribution,
with one degree of freedom less than there are seeds, times the mean's standard error. Without noise
of sentences that gives the t interval of paired differences. A difference is distinguishable from
zero if its 95 % interval does not hold zero. With a single seed the interval speaks of sentences
alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


def sentence_weights(name: str, sentences: int, resamples: int = RESAMPLES) -> np.ndarray:
    """How often each sentence of a test set is drawn in each resample.

    Args:
        name: of the test set; it seeds the draws, so that everything scored on one test set is
            resampled alike, and test sets independently of each other.
        sentences: size of the test set.
        resamples: how many.

    Returns:
        Shape (resamples, sentences); rows sum to ``sentences``.
    """
    draws = np.random.default_rng(_seed(name))
    return draws.multinomial(sentences, np.full(sentences, 1 / sentences), resamples)


def resampled_scores(
    weights: np.ndarray, numerators: np.ndarray, denominators: np.ndarray
) -> np.ndarray:
    """Scores of models on resampled test sets.

    Args:
        weights: from ``sentence_weights``.
        numerators, denominators: counts of each model, shape (models, sentences).

    Returns:
        Percent, shape (models, resamples); 0 where there is nothing to score.
    """
    # Products of float64 go through BLAS and are exact for counts.
    drawn = weights.T.astype(np.float64)
    above, below = numerators @ drawn, denominators @ drawn
    return np.divide(100 * above, below, out=np.zeros_like(above), where=below > 0)


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Interval of a mean difference over seeds.

    Args:
        differences: of each seed in each resample of the sentences; shape (seeds, resamples).

    Returns:
        Lower and upper bound.
    """
    seeds, resamples = differences.shape
    means = differences.mean(axis=0)
    if seeds > 1:
        errors = differences.std(axis=0, ddof=1) / np.sqrt(seeds)
        means = means + errors * _draws_from_t(seeds - 1, resamples)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _draws_from_t(degrees: int, number: int) -> np.ndarray:
    """Evenly spaced quantiles of Student's t distribution in random order."""
    # Here, for figures are drawn by modules that import this one and compute nothing.
    from scipy.special import stdtrit

    shares = (np.arange(number) + 0.5) / number
    return np.random.default_rng(_seed("seeds")).permutation(stdtrit(degrees, shares))


def _seed(name: str) -> Sequence[int]:
    return list(hashlib.sha256(name.encode()).digest()[:16])
