"""Correlations over target languages: ties, and permutations with missing values."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from xltransfer.analyses.statistics.correlation import correlate


def test_equal_means_are_ties_in_spite_of_rounding_errors() -> None:
    seeds = np.array([[0.1, 0.3, 0.5, 0.9], [0.2, 0.0, 0.4, 0.8]])
    assert len(set(seeds.sum(axis=0).tolist())) == 4
    other = np.array([[1.0, 2.0, 3.0, 4.0]])
    expected = stats.spearmanr([0.3, 0.3, 0.9, 1.7], other[0]).statistic
    assert correlate(seeds.sum(axis=0)[None], other).rho == pytest.approx(expected)


def test_permutations_without_any_correlation_do_not_count() -> None:
    """Five languages, each the source of the others: many orders leave three cells a source."""
    draws = np.random.default_rng(8)
    one = draws.normal(size=(5, 5))
    other = one + draws.normal(size=(5, 5)) / 20
    for side in (one, other):
        np.fill_diagonal(side, np.nan)

    def mean_rho(side: np.ndarray) -> float:
        """The mean over the sources with four cells; NaN if there is none."""
        known = [~(np.isnan(row) | np.isnan(fixed)) for row, fixed in zip(side, other, strict=True)]
        found = [
            stats.spearmanr(row[cells], fixed[cells]).statistic
            for row, fixed, cells in zip(side, other, known, strict=True)
            if cells.sum() >= 4
        ]
        return float(np.mean(found)) if found else float("nan")

    found = np.array([mean_rho(one[:, list(order)]) for order in permutations(range(5))])
    assert np.isnan(found).sum() == 44
    defined = found[~np.isnan(found)]
    expected = np.mean(np.abs(defined) >= abs(mean_rho(one)) - 1e-9)
    assert correlate(one, other).p_value == pytest.approx(expected)


def test_p_values_permute_the_targets_of_all_sources_in_one_go() -> None:
    """By hand, over all orders of five languages that are two sources' targets."""
    draws = np.random.default_rng(3)
    one, other = draws.normal(size=(2, 2, 6))
    for side in (one, other):
        side[[0, 1], [0, 1]] = np.nan

    def mean_rho(side: np.ndarray) -> float:
        found = []
        for row, fixed in zip(side, other, strict=True):
            known = ~(np.isnan(row) | np.isnan(fixed))
            found.append(stats.spearmanr(row[known], fixed[known]).statistic)
        return float(np.mean(found))

    observed = abs(mean_rho(one))
    extreme = [abs(mean_rho(one[:, list(p)])) >= observed - 1e-9 for p in permutations(range(6))]
    assert correlate(one, other).p_value == pytest.approx(np.mean(extreme))


def test_p_values_of_random_permutations_repeat_and_are_never_zero() -> None:
    one = np.arange(12.0)[None]
    assert correlate(one, one).p_value == 1 / 10_000
    other = np.random.default_rng(1).permutation(one[0])[None]
    assert correlate(one, other).p_value == correlate(one, other).p_value
