"""Spearman's ρ over languages, within sources: permutation tests and confidence intervals.

The unit is the target language. Correlations are computed within each source language and averaged
over sources, since sources differ in level. P-values permute the labels of the target languages,
the same permutation for all sources (Mantel, Cancer Research 1967; quadratic assignment:
Krackhardt, Social Networks 1988), because the cells of one target language are not independent.

Related languages are not independent either. Confidence intervals use a jackknife that deletes one
language family at a time (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 11), on
Fisher's z, with Student's t; degrees of freedom are the number of families minus one. A percentile
bootstrap over few families is too narrow (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.95
LEAST = 4
"""Minimum number of target languages for a correlation."""
LEAST_FAMILIES = 6
LEAST_FOR_INTERVAL = 10
"""Minimum number of families and target languages for a confidence interval with coverage."""
EXACT = 8
"""Maximum number of languages for which all permutations are enumerated."""
PERMUTATIONS = 9999
"""Number of random permutations for more languages."""
TIED_DECIMALS = 9
"""Number of decimals in which values must differ, so that they are no ties."""
NOTE = (
    "ρ is over target languages. Brackets: 95 % interval over families of languages; none for "
    f"fewer than {LEAST_FAMILIES} families or {LEAST_FOR_INTERVAL} languages. p: permutation of "
    "target languages, which ignores that related languages are alike; where it and the interval "
    "disagree, rely on the interval."
)
"""Note below tables of correlations."""
_AT_ONCE = 1000
"""Number of permutations per batch."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ over target languages, the mean over sources.

    Attributes:
        rho: correlation; NaN for too few languages, or if one side is constant.
        p_value: two-sided p-value of the permutation test over target languages.
        low, high: bounds of the 95 % confidence interval over language families; NaN if there are
            too few.
        languages: number of target languages.
        families: number of their families; 0 if unknown.
    """

    rho: float
    p_value: float
    low: float
    high: float
    languages: int
    families: int

    @property
    def columns(self) -> dict[str, float]:
        """The columns of a table of correlations."""
        return {
            "spearman": self.rho,
            "spearman_low": self.low,
            "spearman_high": self.high,
            "p_value": self.p_value,
            "targets": self.languages,
            "families": self.families,
        }


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's ρ along the last axis, over the cells with values on both sides.

    Args:
        one, other: values of shape (..., languages); NaN if missing.

    Returns:
        Shape (...); NaN for fewer than ``LEAST`` cells, or if one side is constant.
    """
    known = ~(np.isnan(one) | np.isnan(other))
    one, other = _ranks(one, known), _ranks(other, known)
    product = (one * other).sum(axis=-1)
    norm = np.sqrt(np.square(one).sum(axis=-1) * np.square(other).sum(axis=-1))
    enough = (norm > 0) & (known.sum(axis=-1) >= LEAST)
    return np.divide(product, norm, out=np.full(product.shape, np.nan), where=enough)


def _ranks(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mid-ranks among the known cells, minus their mean; zero elsewhere."""
    pairs = known[..., :, None] & known[..., None, :]
    # Equal means over seeds differ by rounding errors, and are ties all the same.
    below = np.where(known, values, 0.0).round(TIED_DECIMALS)
    steps = np.sign(below[..., :, None] - below[..., None, :])
    # Half of (number of smaller minus number of larger values) is the rank minus the mean rank.
    return 0.5 * np.where(pairs, steps, 0).sum(axis=-1)


def mean_spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean over sources of the defined correlations.

    Args:
        one, other: values of shape (..., sources, languages).

    Returns:
        Shape (...); NaN if no source has a correlation.
    """
    return _mean_of_defined(spearman(one, other))


def _mean_of_defined(by_source: np.ndarray) -> np.ndarray:
    defined = ~np.isnan(by_source)
    number = defined.sum(axis=-1)
    total = np.where(defined, by_source, 0).sum(axis=-1)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def correlate(
    one: np.ndarray, other: np.ndarray, families: Sequence[str] | None = None
) -> Correlation:
    """Correlate two quantities over target languages, within each source.

    Args:
        one, other: values of shape (sources, languages); NaN if missing, e.g. for the source
            itself. Quantities that differ by seed must be means over seeds, because seeds of a
            language are not independent.
        families: family of each language; no confidence interval if one is empty or none are given.
    """
    used = ~(np.isnan(one) | np.isnan(other)).all(axis=0)
    one, other = one[:, used], other[:, used]
    rho = float(mean_spearman(one, other))
    groups = [name for name, use in zip(families or (), used, strict=False) if use]
    if "" in groups:
        groups = []
    counts = int(used.sum()), len(set(groups))
    if np.isnan(rho):
        return Correlation(rho, rho, rho, rho, *counts)
    p_value = permutation_p_value(one, other)
    return Correlation(rho, p_value, *family_interval(one, other, groups), *counts)


def permutation_p_value(one: np.ndarray, other: np.ndarray) -> float:
    """Two-sided p-value of the mean correlation: a permutation test over target languages.

    All permutations for up to ``EXACT`` languages; for more, ``PERMUTATIONS`` random ones with a
    fixed seed, and p = (b + 1) / (n + 1) if b of n are at least as extreme. Cells without a value
    on one side after a permutation are excluded, and so are permutations that leave no source with
    ``LEAST`` cells.

    Args:
        one, other: values of shape (sources, languages); NaN if missing.
    """
    languages = one.shape[1]
    observed = abs(float(mean_spearman(one, other))) - 1e-9
    orders = _orders(languages)
    complete = not (np.isnan(one).any() or np.isnan(other).any())
    permuted = _permuted_complete if complete else _permuted
    extreme = defined = 0
    for start in range(0, len(orders), _AT_ONCE):
        found = permuted(one, other, orders[start : start + _AT_ONCE])
        extreme += int((np.abs(found) >= observed).sum())
        defined += int((~np.isnan(found)).sum())
    if languages <= EXACT:
        return extreme / defined
    return (extreme + 1) / (defined + 1)


def _permuted(one: np.ndarray, other: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Mean correlation after each permutation of the languages of one side; shape (orders,)."""
    return mean_spearman(one[:, orders].swapaxes(0, 1), other)


def _permuted_complete(one: np.ndarray, other: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """``_permuted`` for sides without missing values: ranks are computed once and permuted."""
    known = np.ones(one.shape, dtype=bool)
    ranks, fixed = _ranks(one, known), _ranks(other, known)
    norms = np.sqrt(np.square(ranks).sum(axis=1) * np.square(fixed).sum(axis=1))[:, None]
    products = (ranks[:, orders] @ fixed[..., None])[..., 0]
    rho = np.divide(products, norms, out=np.full(products.shape, np.nan), where=norms > 0)
    return _mean_of_defined(rho.T)


@cache
def _orders(number: int) -> np.ndarray:
    """All permutations of few items, or random ones of many; shape (orders, items)."""
    if number <= EXACT:
        return np.array(list(permutations(range(number))))
    draws = np.random.default_rng(number)
    return draws.permuted(np.tile(np.arange(number), (PERMUTATIONS, 1)), axis=1)


def family_interval(
    one: np.ndarray, other: np.ndarray, families: Sequence[str]
) -> tuple[float, float]:
    """95 % confidence interval of the mean correlation: a jackknife over families, on Fisher's z.

    Args:
        one, other: values of shape (sources, languages); NaN if missing.
        families: family of each language; may be empty if unknown.

    Returns:
        Lower and upper bound; NaN for fewer than ``LEAST_FAMILIES`` families or
        ``LEAST_FOR_INTERVAL`` languages, if the correlation depends on a single family, or if
        deleting families never changes it, so that its noise is unknown.
    """
    nothing = float("nan"), float("nan")
    names = sorted(set(families))
    languages = one.shape[1]
    if len(names) < LEAST_FAMILIES or languages < LEAST_FOR_INTERVAL:
        return nothing
    of = np.array(families)
    parts = [of == of, *(of != name for name in names)]
    found = [float(mean_spearman(one[:, part], other[:, part])) for part in parts]
    if np.isnan(found).any():
        return nothing
    # Fisher's z is infinite at ±1, so ρ is clipped halfway to its next possible value. Smaller
    # values must not change, or the interval could exclude ρ itself.
    bound = 1 - 3 / (languages * (languages**2 - 1))
    centre, *without = np.arctanh(np.clip(found, -bound, bound))
    number = len(names)
    variance = (number - 1) / number * np.square(np.array(without) - centre).sum()
    if variance == 0:
        return nothing
    half = -stdtrit(number - 1, (1 - LEVEL) / 2) * np.sqrt(variance)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))
