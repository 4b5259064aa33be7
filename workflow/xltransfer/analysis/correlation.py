"""Spearman's ρ over languages, with an interval that knows that languages were sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from math import factorial

import numpy as np
from scipy import stats

RESAMPLES = 1000
LEVEL = 0.95
LEAST = 4
"""Languages below which no correlation is computed."""
EXACT = 8
"""Items up to which p-values are exact."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ.

    Attributes:
        rho: NaN where there are too few languages, or one side does not vary.
        p_value: of the hypothesis that the two are unrelated, over languages.
        low, high: percentile interval of a bootstrap over languages and seeds.
    """

    rho: float
    p_value: float
    low: float
    high: float


NOTHING = Correlation(*[float("nan")] * 4)


def spearman(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Spearman's ρ and its two-sided p-value; neither side may be constant.

    Of few items the p-value is exact: the share of all pairings whose ρ is as far from zero. Of
    more it is that of Student's t, but never below that of the one pairing that is most extreme,
    which the t distribution takes for impossible.

    Args:
        one, other: shape (items,).
    """
    rho, p_value = stats.spearmanr(one, other)
    if len(one) > EXACT:
        return float(rho), max(float(p_value), 2 / factorial(len(one)))
    ranks = [stats.rankdata(side) for side in (one, other)]
    centred = [rank - rank.mean() for rank in ranks]
    products = centred[1][_pairings(len(one))] @ centred[0]
    extreme = np.abs(products) >= abs(centred[0] @ centred[1]) - 1e-9
    return float(rho), float(extreme.mean())


@cache
def _pairings(number: int) -> np.ndarray:
    """All orders of so many items; shape (orders, items)."""
    return np.array(list(permutations(range(number))))


def correlate(one: np.ndarray, other: np.ndarray) -> Correlation:
    """Correlate two quantities over languages, each the mean over seeds.

    Languages are the unit: seeds of one language are no more independent evidence than sentences
    are, so p-value and interval do not count them. The bootstrap draws languages with replacement,
    and seeds, the same for both quantities.

    Args:
        one, other: shapes (seeds, languages).
    """
    seeds, languages = one.shape
    if languages < LEAST or any(np.unique(x.mean(axis=0)).size < 2 for x in (one, other)):
        return NOTHING
    rho, p_value = spearman(one.mean(axis=0), other.mean(axis=0))
    draws = np.random.default_rng(languages)
    chosen = draws.integers(0, languages, (RESAMPLES, 1, languages))
    seeds_chosen = draws.integers(0, seeds, (RESAMPLES, seeds, 1))
    ranks = [stats.rankdata(x[seeds_chosen, chosen].mean(axis=1), axis=1) for x in (one, other)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    product = (centred[0] * centred[1]).sum(axis=1)
    norm = np.sqrt(np.square(centred[0]).sum(axis=1) * np.square(centred[1]).sum(axis=1))
    found = product[norm > 0] / norm[norm > 0]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return Correlation(float(rho), float(p_value), float(low), float(high))
