"""Confidence intervals of differences between models, over seeds and test sentences.

The difference d[s, i] that sentence i makes to seed s is modelled as crossed random effects,

    d[s, i] = mu + A[s] + B[i] + C[s, i],

with noise of seeds A, noise of sentences that all seeds share B, and noise of sentences that
differs by seed C. With var B and var C as variances of sums over a test set, the mean over S seeds
has the variance

    V = (var A + var C) / S + var B.

The sample variance of the per-seed differences, divided by S, estimates the first term with S - 1
degrees of freedom. The sample variance of the sentences' means over seeds estimates
var B + var C / S, from which the mean square of the interaction is subtracted; a second term below
zero is set to zero. So every kind of noise is counted once (two-way random effects without
replication; Searle, Casella & McCulloch, Variance Components, 1992, ch. 4).

Scores are ratios of sums (LAS, micro F1). Their sentences enter by influence values, the linear
part of the ratio: the delta method, or infinitesimal jackknife (Efron & Tibshirani, An Introduction
to the Bootstrap, 1993, ch. 21). The influence values of two models are subtracted sentence by
sentence, which pairs them.

The interval uses Student's t with degrees of freedom f, where w is the first term's share of V:

    1 / f = w / (S - 1) + (1 - w) / (n - 1).

Satterthwaite's approximation has w² and (1 - w)² in place of the weights. With two or three seeds
it gives up to 11 % and 7.5 % false alarms instead of 5 %; Cochran's weighted t quantiles give down
to 2 % and 3 %. The above lies between; docs/statistics.md has its simulated coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

LEVEL = 0.95
FLOOR = 0.05
"""Quantile of the variance between seeds below which it is taken for too small by chance."""


@dataclass(frozen=True)
class Difference:
    """A mean difference over seeds with its confidence interval.

    Attributes and properties have the shape of the leading axes of what they were computed from:
    they are single floats for a single difference.

    Attributes:
        mean: over seeds, in points.
        error: standard error of the mean; NaN where there is neither a second seed nor a second
            cluster of sentences.
        degrees: degrees of freedom.
    """

    mean: np.ndarray
    error: np.ndarray
    degrees: np.ndarray

    @cached_property
    def half_width(self) -> np.ndarray:
        """Half the width of the 95 % confidence interval, which is symmetric."""
        # Imported here: modules that draw figures import this one and compute nothing.
        from scipy.special import stdtrit

        return -stdtrit(self.degrees, (1 - LEVEL) / 2) * self.error

    @property
    def low(self) -> np.ndarray:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> np.ndarray:
        """Upper end of the interval."""
        return self.mean + self.half_width

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p-value of no difference; 1 where there is neither difference nor noise."""
        from scipy.special import stdtr

        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.abs(self.mean) / self.error
        ratio = np.where((self.error == 0) & (self.mean == 0), 0, ratio)
        return (2 * stdtr(self.degrees, -ratio))[()]


def scores_of_counts(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Scores in percent, 100 · Σ numerators / Σ denominators; 0 where there is nothing to score.

    Args:
        numerators, denominators: counts per sentence, shape (..., seeds, sentences).

    Returns:
        Shape (..., seeds).
    """
    above, below = numerators.sum(axis=-1), denominators.sum(axis=-1)
    return np.divide(100.0 * above, below, out=np.zeros(above.shape), where=below > 0)


def influence_values(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """The influence of every sentence on the score of every seed, in points.

    Of a score 100 · Σ num / Σ den = 100 · R, sentence i has the influence
    100 · (num[i] - R · den[i]) / Σ den. Influence values of a seed sum to zero.

    Args:
        numerators, denominators: counts per sentence, shape (..., seeds, sentences).

    Returns:
        Shape (..., seeds, sentences); zero where there is nothing to score.
    """
    below = denominators.sum(axis=-1, keepdims=True)
    ratio = scores_of_counts(numerators, denominators)[..., None] / 100
    values = 100 * (numerators - ratio * denominators)
    return np.divide(values, below, out=np.zeros(values.shape), where=below > 0)


def sum_by_cluster(influences: np.ndarray, clusters: np.ndarray, number: int) -> np.ndarray:
    """Sums of influence values over clusters of sentences that are sampled together.

    Args:
        influences: shape (seeds, sentences).
        clusters: the cluster of each sentence, from 0; shape (sentences,).
        number: how many clusters there are.

    Returns:
        Shape (seeds, clusters).
    """
    return np.stack([np.bincount(clusters, row, minlength=number) for row in influences])


def mean_difference(differences: np.ndarray, influences: np.ndarray) -> Difference:
    """The mean difference over seeds and its confidence interval.

    With one seed the interval covers noise of sentences only: noise of seeds cannot be seen. With
    one cluster of sentences it covers noise of seeds only.

    Args:
        differences: of each seed, in points; shape (..., seeds).
        influences: differences of influence values, of each seed and cluster of sentences (a
            sentence, or parallel sentences of several test sets); shape (..., seeds, clusters).
    """
    seeds, clusters = influences.shape[-2:]
    by_seed, common = _variances(differences, influences)
    variance = by_seed + common
    share = np.divide(by_seed, variance, out=np.zeros_like(variance), where=variance > 0)
    error = np.sqrt(variance) if seeds > 1 or clusters > 1 else np.full_like(variance, np.nan)
    degrees = 1 / (share / max(seeds - 1, 1) + (1 - share) / max(clusters - 1, 1))
    return Difference(np.asarray(differences.mean(axis=-1))[()], error[()], degrees[()])


def _variances(differences: np.ndarray, influences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The terms of the variance of the mean: of seeds, and of sentences common to all seeds."""
    seeds, clusters = influences.shape[-2:]
    zero = np.zeros(differences.shape[:-1])
    by_seed = differences.var(axis=-1, ddof=1) / seeds if seeds > 1 else zero
    if clusters == 1:
        return by_seed, zero
    # Influence values sum to zero over sentences: their squares need no further centring.
    over_seeds = influences.mean(axis=-2)
    factor = clusters / (clusters - 1)
    sentences = factor * np.square(over_seeds).sum(axis=-1)
    if seeds == 1:
        return by_seed, sentences
    rest = np.square(influences - over_seeds[..., None, :]).sum(axis=(-2, -1))
    interaction = factor * rest / (seeds * (seeds - 1))
    return (
        np.maximum(by_seed, _least_share(seeds) * interaction),
        np.maximum(sentences - interaction, 0),
    )


@cache
def _least_share(seeds: int) -> float:
    """The least share of the interaction that the variance between seeds is taken to be.

    Both estimate the noise of sentences that differs by seed, the latter from many sentences. Few
    seeds can be equal by chance, most of all where scores change by single words; an interval of no
    width would then call the change certain. The 5 % quantile of what their variance can be is
    taken instead of anything smaller.
    """
    # Imported here: modules that draw figures import this one and compute nothing.
    from scipy.special import chdtri

    return float(chdtri(seeds - 1, 1 - FLOOR) / (seeds - 1))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """P-values adjusted for the family-wise error rate (Holm, Scandinavian J. of Statistics 1979).

    Args:
        p_values: of one family of tests; NaN are no tests and stay NaN.
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    order = np.argsort(given)
    order = order[~np.isnan(given[order])]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * given[order]))
    return adjusted
