"""The paired bootstrap and its seeds: against scipy, and on differences whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from xltransfer.analysis.significance import (
    interval,
    resampled_scores,
    sentence_weights,
)


def counts(rate: float, sentences: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).binomial(10, rate, sentences)


def test_resampled_scores_by_hand() -> None:
    weights = np.array([[2, 0], [1, 1], [0, 2]])
    scores = resampled_scores(weights, np.array([[1, 4]]), np.array([[2, 5]]))
    assert scores.tolist() == [[50, pytest.approx(500 / 7), 80]]
    nothing = resampled_scores(weights, np.array([[0, 0]]), np.array([[0, 0]]))
    assert nothing.tolist() == [[0, 0, 0]]


def test_weights_depend_on_the_test_set_alone() -> None:
    one, again, other = (sentence_weights(name, 50) for name in ("a", "a", "b"))
    assert (one == again).all() and (one != other).any()
    assert (one.sum(axis=1) == 50).all()


def test_interval_equals_scipy() -> None:
    """For one seed it is the ordinary paired bootstrap of a mean, up to the draws."""
    better, worse = counts(0.7, 400, 1), counts(0.65, 400, 2)
    weights = sentence_weights("x", 400, 20_000)
    totals = np.full((2, 400), 10)
    drawn = resampled_scores(weights, np.stack([better, worse]), totals)
    low, high = interval(drawn[:1] - drawn[1:])
    expected = stats.bootstrap(
        (10.0 * (better - worse),), np.mean, method="percentile", n_resamples=20_000, rng=1
    ).confidence_interval
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.1)


@pytest.mark.parametrize(("rate", "distinguishable"), [(0.7, False), (0.5, True)])
def test_only_real_differences_are_distinguishable(rate: float, distinguishable: bool) -> None:
    seeds, sentences = 3, 300
    reference = np.stack([counts(0.7, sentences, seed) for seed in range(seeds)])
    arm = np.stack([counts(rate, sentences, 10 + seed) for seed in range(seeds)])
    totals = np.full_like(arm, 10)
    weights = sentence_weights("x", sentences)
    change = resampled_scores(weights, arm, totals) - resampled_scores(weights, reference, totals)
    low, high = interval(change)
    assert low < high
    assert (low > 0 or high < 0) == distinguishable


def test_coverage_of_no_difference() -> None:
    """Two arms that are equally good are told apart in about one case of twenty, no more."""
    told_apart = 0
    for trial in range(200):
        values = np.random.default_rng(trial).binomial(10, 0.6, (2, 200))
        drawn = resampled_scores(
            sentence_weights(str(trial), 200, 500), values, np.full((2, 200), 10)
        )
        low, high = interval(drawn[:1] - drawn[1:])
        told_apart += low > 0 or high < 0
    assert told_apart <= 20


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_without_noise_of_sentences_it_is_the_t_interval(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(1, 3, seeds)
    differences = np.repeat(values[:, None], 2000, axis=1)
    expected = stats.t.interval(0.95, seeds - 1, values.mean(), stats.sem(values))
    assert interval(differences) == pytest.approx(expected, rel=0.01, abs=0.05)


@pytest.mark.parametrize("noise", [0, 0.5, 1])
@pytest.mark.parametrize("seeds", [3, 5])
def test_coverage_where_seeds_differ(seeds: int, noise: float) -> None:
    """Arms that differ by the luck of their seeds alone are told apart once in twenty times."""
    draws, told_apart = np.random.default_rng(seeds), 0
    for _ in range(1000):
        lucky, sentences = draws.normal(0, 1, (seeds, 1)), draws.normal(0, noise)
        drawn = lucky + sentences + draws.normal(0, noise, (1, 500))
        low, high = interval(drawn)
        told_apart += low > 0 or high < 0
    assert 10 <= told_apart <= 70


def test_a_single_seed_speaks_of_sentences() -> None:
    assert interval(np.linspace(0, 1, 2001)[None]) == pytest.approx((0.025, 0.975))
