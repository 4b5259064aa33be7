"""Intervals of differences: against scipy, by hand, and their coverage where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from xltransfer.analyses.statistics.interval_coverage import (
    CEILING,
    NOISE,
    gaussian,
    missed,
    near_ceiling,
)
from xltransfer.analyses.statistics.significance import (
    holm,
    influence_values,
    mean_difference,
    scores_of_counts,
    sum_by_cluster,
)

TRIALS = 3000
MONTE_CARLO = 3 * np.sqrt(5 * 95 / TRIALS)
"""Three standard errors, in percent, of a share of 5 % in so many trials: 1.2."""


def test_influence_values_by_hand() -> None:
    right, words = np.array([[2, 3], [0, 0]]), np.array([[2, 5], [0, 0]])
    assert scores_of_counts(right, words) == pytest.approx(np.array([500 / 7, 0]))
    first = 100 * (2 - 5 / 7 * 2) / 7
    assert influence_values(right, words) == pytest.approx(np.array([[first, -first], [0, 0]]))


def test_influence_values_are_the_derivative_of_the_score() -> None:
    """What one sentence more of a kind changes, in a ratio whose denominators differ."""
    draws = np.random.default_rng(1)
    words = draws.integers(1, 30, (1, 500)).astype(float)
    right = np.floor(words * draws.uniform(size=words.shape))
    score, step = scores_of_counts(right, words), 1e-6
    influences = influence_values(right, words)
    for sentence in (0, 7, 499):
        weights = np.ones(500)
        weights[sentence] += step
        change = scores_of_counts(right * weights, words * weights) - score
        assert change / step == pytest.approx(influences[:, sentence], rel=1e-3)


def test_sentence_noise_of_a_ratio_equals_its_bootstrap() -> None:
    draws = np.random.default_rng(2)
    words = draws.integers(1, 30, (1, 400))
    arms = [draws.binomial(words, rate) for rate in (0.8, 0.77)]
    change = scores_of_counts(arms[1], words) - scores_of_counts(arms[0], words)
    influences = influence_values(arms[1], words) - influence_values(arms[0], words)
    found = mean_difference(change, influences)
    weights = draws.multinomial(400, np.full(400, 1 / 400), 4000)
    drawn = (scores_of_counts(weights * arm, weights * words) for arm in arms[::-1])
    assert found.error == pytest.approx(np.std(np.subtract(*drawn)), rel=0.05)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_without_noise_of_sentences_it_is_the_t_test_over_seeds(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(1, 3, seeds)
    found = mean_difference(values, np.zeros((seeds, 50)))
    expected = stats.t.interval(0.95, seeds - 1, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


@pytest.mark.parametrize("seeds", [1, 4])
def test_with_noise_of_common_sentences_alone_it_is_the_t_test_over_sentences(seeds: int) -> None:
    """However many seeds say the same, they count once."""
    values = np.random.default_rng(seeds).normal(0.2, 1, 40)
    influences = np.tile((values - values.mean()) / 40, (seeds, 1))
    found = mean_difference(np.full(seeds, values.mean()), influences)
    expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_intervals_of_scores_have_no_impossible_values() -> None:
    """Two seeds with 98 and 99.6 have a t interval of half-width 10."""
    values, influences = np.array([98.0, 99.6]), np.zeros((2, 5))
    found = mean_difference(values, influences)
    assert found.high == pytest.approx(98.8 + stats.t.ppf(0.975, 1) * 0.8)
    assert found.percentages == (pytest.approx(found.low), 100)
    assert mean_difference(100 - values, influences).percentages[0] == 0


def test_variances_are_unbiased_and_counted_once() -> None:
    """The squared standard error is that of the mean, for each kind of noise."""
    for name in ("seeds", "common sentences", "seed × sentence", "all three"):
        draws = np.random.default_rng(3)
        differences, influences, _ = gaussian(NOISE[name], 3, 60, 20_000, draws)
        found = mean_difference(differences, influences)
        ratio = np.mean(found.error**2) / found.mean.var()
        # A component below zero is set to zero, which costs a little where there is none.
        assert 0.95 < ratio < 1.1, name


@pytest.mark.parametrize("sentences", [120, 1000])
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("noise", ["seeds", "common sentences", "seed × sentence", "all three"])
def test_false_alarms(noise: str, seeds: int, sentences: int) -> None:
    """5 % where there is no difference, whatever the noise is: between 3.5 and 6.5 %."""

    def simulate(*size):
        return gaussian(NOISE[noise], *size)

    share = missed(simulate, seeds, sentences, TRIALS)
    assert 3.5 - MONTE_CARLO < share < 6.5 + MONTE_CARLO


@pytest.mark.parametrize("sentences", [120, 1000])
@pytest.mark.parametrize("noise", ["common sentences", "seed × sentence", "all three"])
def test_one_seed_covers_its_own_difference(noise: str, sentences: int) -> None:
    def simulate(*size):
        return gaussian(NOISE[noise], *size)

    share = missed(simulate, 1, sentences, TRIALS)
    assert 3.5 - MONTE_CARLO < share < 6.5 + MONTE_CARLO


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("kind", CEILING)
def test_false_alarms_near_the_ceiling(kind: str, seeds: int) -> None:
    """Three words in a thousand are wrong: a few sentences decide."""

    def simulate(*size):
        return near_ceiling(kind, 0.003, *size)

    assert 3 - MONTE_CARLO < missed(simulate, seeds, 120, TRIALS) < 6.5 + MONTE_CARLO


def test_real_differences_are_found() -> None:
    draws = np.random.default_rng(4)
    words = np.full((3, 300), 10)
    reference, worse = (draws.binomial(words, rate) for rate in (0.7, 0.6))
    change = scores_of_counts(worse, words) - scores_of_counts(reference, words)
    influences = influence_values(worse, words) - influence_values(reference, words)
    found = mean_difference(change, influences)
    assert found.high < 0 and found.p_value < 0.01
    assert found.high - found.low == pytest.approx(2 * found.half_width)


def test_parallel_sentences_are_sampled_together() -> None:
    """Two test sets with the same sentences and the same noise are no more evidence than one."""
    influences = np.random.default_rng(5).normal(size=(3, 50))
    influences -= influences.mean(axis=1, keepdims=True)
    order = np.random.default_rng(6).permutation(50)
    both = np.concatenate([influences, influences[:, order]], axis=1) / 2
    clusters = np.concatenate([np.arange(50), order])
    assert sum_by_cluster(both, clusters, 50) == pytest.approx(influences)


def test_nothing_to_compare() -> None:
    """One seed and one sentence have no interval; arms that are equal everywhere do not differ."""
    alone = mean_difference(np.array([1.0]), np.zeros((1, 1)))
    assert np.isnan([alone.half_width, alone.p_value]).all() and alone.mean == 1
    equal = mean_difference(np.zeros(3), np.zeros((3, 9)))
    assert (equal.half_width, equal.p_value) == (0, 1)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, float("nan"), 0.03]) == pytest.approx([0.03, 0.06, np.nan, 0.06],
                                                                   nan_ok=True)  # fmt: skip
    assert holm([0.6, 0.5]).tolist() == [1, 1]
    assert holm([]).size == 0


def test_equal_differences_of_few_seeds_are_no_certainty() -> None:
    """Each of three seeds loses two words, each in other sentences: as by chance."""
    total = np.full((3, 120), 10)
    before, after = total.copy(), total.copy()
    for seed in range(3):
        after[seed, [2 * seed, 2 * seed + 1]] -= 1
    change = scores_of_counts(after, total) - scores_of_counts(before, total)
    assert np.ptp(change) == 0
    influences = influence_values(after, total) - influence_values(before, total)
    found = mean_difference(change, influences)
    assert found.half_width > abs(found.mean) / 3
    assert 0.005 < found.p_value < 0.05, "six words lost and none won"
