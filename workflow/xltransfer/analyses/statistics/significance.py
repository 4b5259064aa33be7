"""Confidence intervals of differences between models, over seeds and test sentences.

The contribution d[s, i] of sentence i to the difference of seed s has crossed random effects,

    d[s, i] = mu + A[s] + B[i] + C[s, i],

with seed noise A, sentence noise B common to all seeds, and sentence noise C that differs by seed.
With var B and var C as variances of sums over a test set, the mean over S seeds has the variance

    V = (var A + var C) / S + var B.

The sample variance of the per-seed differences, divided by S, estimates the first term with S - 1
degrees of freedom. The sample variance of the sentences' means over seeds estimates
var B + var C / S, from which the mean square of the interaction is subtracted; a negative second
term is set to zero. So every kind of noise is counted once (two-way random effects without
replication; Searle, Casella & McCulloch, Variance Components, 1992, ch. 4).

Scores are ratios of sums (LAS, micro F1). Sentences contribute influence values, the linear part of
the ratio: the delta method, or infinitesimal jackknife (Efron & Tibshirani, An Introduction to the
Bootstrap, 1993, ch. 21). The comparison is paired: influence values of two models are subtracted
sentence by sentence.

The interval uses Student's t with degrees of freedom f, where w is the first term's share of V:

    1 / f = w / (S - 1) + (1 - w) / (n - 1).

Satterthwaite's approximation uses the weights w² and (1 - w)². With two or three seeds it gives up
to 11 % and 7.5 % false positives instead of 5 %; Cochran's weighted t quantiles give down to 2 %
and 3 %. The formula above is between the two; docs/statistics.md has its simulated coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

LEVEL = 0.95
FLOOR = 0.05
"""Quantile below which the variance between seeds is considered too small by chance."""


@dataclass(frozen=True)
class Difference:
    """A mean difference over seeds with its confidence interval.

    Attributes and properties have the shape of the leading axes of the input, and are floats for a
    single difference.

    Attributes:
        mean: mean over seeds, in points.
        error: standard error of the mean; NaN without a second seed or a second cluster of
            sentences.
        degrees: degrees of freedom.
    """

    mean: np.ndarray
    error: np.ndarray
    degrees: np.ndarray

    @cached_property
    def half_width(self) -> np.ndarray:
        """Half the width of the 95 % confidence interval, which is symmetric."""
        # A local import, because figure modules import this module and compute nothing.
        from scipy.special import stdtrit

        return -stdtrit(self.degrees, (1 - LEVEL) / 2) * self.error

    @property
    def low(self) -> np.ndarray:
        """Lower bound of the confidence interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> np.ndarray:
        """Upper bound of the confidence interval."""
        return self.mean + self.half_width

    @property
    def percentages(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the interval of a mean score in percent, without values that no score has."""
        return np.maximum(self.low, 0), np.minimum(self.high, 100)

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p-value of no difference; 1 if there is neither difference nor noise."""
        from scipy.special import stdtr

        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.abs(self.mean) / self.error
        ratio = np.where((self.error == 0) & (self.mean == 0), 0, ratio)
        return (2 * stdtr(self.degrees, -ratio))[()]


ENDS = ("", "_low", "_high", "_p")
"""Ends of the names of the columns of a change."""


def change_columns(
    name: str, change: Difference | None, deviation: float | None = None
) -> dict[str, float]:
    """A change as columns of a table, with its interval and p-value; NaN where there is none.

    Args:
        name: name of the first column.
        change: the change.
        deviation: standard deviation over seeds, which has a column of its own if it is given.
    """
    values = [float("nan")] * len(ENDS)
    if change is not None:
        values = [float(x) for x in (change.mean, change.low, change.high, change.p_value)]
    spread = {} if deviation is None else {f"{name}_sd": float(deviation)}
    columns = dict(zip((name + end for end in ENDS), values, strict=True))
    return {name: columns[name], **spread, **columns}


def scores_of_counts(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Scores in percent, 100 · Σ numerators / Σ denominators; 0 if there is nothing to score.

    Args:
        numerators, denominators: counts per sentence, shape (..., seeds, sentences).

    Returns:
        Shape (..., seeds).
    """
    above, below = numerators.sum(axis=-1), denominators.sum(axis=-1)
    return np.divide(100.0 * above, below, out=np.zeros(above.shape), where=below > 0)


def influence_values(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """The influence of every sentence on the score of every seed, in points.

    On a score 100 · Σ num / Σ den = 100 · R, sentence i has the influence
    100 · (num[i] - R · den[i]) / Σ den. The influence values of a seed sum to zero.

    Args:
        numerators, denominators: counts per sentence, shape (..., seeds, sentences).

    Returns:
        Shape (..., seeds, sentences); zero if there is nothing to score.
    """
    below = denominators.sum(axis=-1, keepdims=True)
    ratio = scores_of_counts(numerators, denominators)[..., None] / 100
    values = 100 * (numerators - ratio * denominators)
    return np.divide(values, below, out=np.zeros(values.shape), where=below > 0)


def sum_by_cluster(influences: np.ndarray, clusters: np.ndarray, number: int) -> np.ndarray:
    """Sums of influence values over clusters of sentences that are sampled together.

    Args:
        influences: influence values; shape (seeds, sentences).
        clusters: cluster of each sentence, from 0; shape (sentences,).
        number: number of clusters.

    Returns:
        Shape (seeds, clusters).
    """
    return np.stack([np.bincount(clusters, row, minlength=number) for row in influences])


def mean_difference(differences: np.ndarray, influences: np.ndarray) -> Difference:
    """The mean difference over seeds and its confidence interval.

    With one seed, the confidence interval covers only sentence noise, since seed noise cannot be
    estimated. With one cluster of sentences, it covers only seed noise.

    Args:
        differences: differences of the scores of each seed, in points; shape (..., seeds).
        influences: differences of influence values of each seed and cluster (a sentence, or
            parallel sentences of several test sets); shape (..., seeds, clusters).
    """
    seeds, clusters = influences.shape[-2:]
    by_seed, common = _variances(differences, influences)
    variance = by_seed + common
    share = np.divide(by_seed, variance, out=np.zeros_like(variance), where=variance > 0)
    error = np.sqrt(variance) if seeds > 1 or clusters > 1 else np.full_like(variance, np.nan)
    degrees = 1 / (share / max(seeds - 1, 1) + (1 - share) / max(clusters - 1, 1))
    return Difference(np.asarray(differences.mean(axis=-1))[()], error[()], degrees[()])


def _variances(differences: np.ndarray, influences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The terms of the variance of the mean: seeds, and sentences common to all seeds."""
    seeds, clusters = influences.shape[-2:]
    zero = np.zeros(differences.shape[:-1])
    by_seed = differences.var(axis=-1, ddof=1) / seeds if seeds > 1 else zero
    if clusters == 1:
        return by_seed, zero
    # Influence values sum to zero over sentences, so their squares need no centring.
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
    """Lower limit of the variance between seeds, as a share of the interaction.

    Both estimate the sentence noise that differs by seed, the interaction from many sentences. A
    few seeds can have equal scores by chance, especially if scores change by single words; a
    confidence interval of zero width would then be misleading. The limit is the 5 % quantile of the
    variance between seeds.
    """
    # A local import, because figure modules import this module and compute nothing.
    from scipy.special import chdtri

    return float(chdtri(seeds - 1, 1 - FLOOR) / (seeds - 1))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """P-values adjusted for the family-wise error rate (Holm, Scandinavian J. of Statistics 1979).

    Args:
        p_values: p-values of one family of tests; NaN entries are not tests and stay NaN.
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    order = np.argsort(given)
    order = order[~np.isnan(given[order])]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * given[order]))
    return adjusted
