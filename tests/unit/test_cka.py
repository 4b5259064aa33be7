"""CKA against its formulas written out with explicit centring matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.analyses.similarity.cka import (
    ESTIMATORS,
    KERNELS,
    Representation,
    cka,
    half_samples,
    hsic,
    linear_cka,
    median_bandwidth,
    published_script_cka,
)


def data(seed: int, sentences: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Two related sets of vectors of different width."""
    draws = np.random.default_rng(seed)
    one = draws.normal(size=(sentences, 7)) + 3
    other = one @ draws.normal(size=(7, 5)) + 0.8 * draws.normal(size=(sentences, 5))
    return one, other


def reference(one: np.ndarray, other: np.ndarray, kernel: str, estimator: str) -> float:
    def matrix(x: np.ndarray) -> np.ndarray:
        if kernel == "linear":
            return x @ x.T
        squared = np.array([[((a - b) ** 2).sum() for b in x] for a in x])
        return np.exp(-squared / (2 * np.median(squared[squared > 0])))

    def criterion(k: np.ndarray, m: np.ndarray) -> float:
        n = len(k)
        ones = np.ones(n)
        if estimator == "biased":
            centring = np.eye(n) - np.outer(ones, ones) / n
            return np.trace(k @ centring @ m @ centring) / (n - 1) ** 2
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        total = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
        return (np.trace(k @ m) + total - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3))

    k, m = matrix(one), matrix(other)
    return criterion(k, m) / np.sqrt(criterion(k, k) * criterion(m, m))


def ours(one: np.ndarray, other: np.ndarray, kernel: str, block: int = 2**24) -> dict[str, tuple]:
    samples = half_samples("test", len(one))
    return cka(*(Representation(x, kernel, samples, block) for x in (one, other)))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_formulas(kernel: str, estimator: str, seed: int) -> None:
    one, other = data(seed)
    expected = reference(one, other, kernel, estimator)
    assert ours(one, other, kernel)[estimator][0] == pytest.approx(expected, abs=1e-9)
    assert ours(one.astype(np.float32), other.astype(np.float32), kernel)[estimator][
        0
    ] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_halves_are_computed_as_if_they_were_all_there_is(estimator: str) -> None:
    one, other = data(1)
    samples = half_samples("test", 60, 3)
    pair = [Representation(x, "linear", samples) for x in (one, other)]

    found = hsic(*pair)[estimator] / np.sqrt(
        pair[0].self_hsic[estimator] * pair[1].self_hsic[estimator]
    )
    for sample in range(1, 4):
        chosen = samples.weights[:, sample] == 1
        assert chosen.sum() == 30
        expected = reference(one[chosen], other[chosen], "linear", estimator)
        assert found[sample] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("block", [1, 60, 7 * 60, 59 * 60])
def test_blocks_equal_the_whole(kernel: str, block: int) -> None:
    one, other = data(2)
    for whole, parts in zip(
        ours(one, other, kernel).values(), ours(one, other, kernel, block).values(), strict=True
    ):
        assert parts == pytest.approx(whole, abs=1e-12, nan_ok=True)


def test_the_space_of_the_dimensions_gives_the_same() -> None:
    one, other = data(3)
    for estimator, value in linear_cka(one, other).items():
        assert value == pytest.approx(ours(one, other, "linear")[estimator][0], abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.sampled_from(KERNELS))
def test_rotation_shift_and_scale_change_nothing(seed: int, scale: float, kernel: str) -> None:
    one, other = data(seed, 30)
    draws = np.random.default_rng(seed + 1)
    rotation, _ = np.linalg.qr(draws.normal(size=(7, 7)))
    moved = scale * one @ rotation + draws.normal(size=7)
    before, after = ours(one, other, kernel), ours(moved, other, kernel)
    for estimator in ESTIMATORS:
        assert after[estimator] == pytest.approx(before[estimator], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_invertible_linear_maps_change_it(kernel: str) -> None:
    one, other = data(4)
    stretched = one @ np.diag([50, 1, 1, 1, 1, 1, 1])
    for estimator in ESTIMATORS:
        before, after = (ours(x, other, kernel)[estimator][0] for x in (one, stretched))
        assert abs(before - after) > 0.05


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_unrelated_vectors_get(kernel: str) -> None:
    draws = np.random.default_rng(5)
    biased, unbiased = [], []
    for _ in range(20):
        one, other = draws.normal(size=(2, 40, 100))
        found = ours(one, other, kernel)
        biased.append(found["biased"][0])
        unbiased.append(found["unbiased"][0])
    assert min(biased) > 0.5
    assert abs(np.mean(unbiased)) < 0.1


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    whole = ours(*data(6, 4000), "linear")["unbiased"][0]
    inside = 0
    one, other = data(6, 4000)
    for start in range(0, 4000, 80):
        _, low, high = ours(one[start : start + 80], other[start : start + 80], "linear")[
            "unbiased"
        ]
        inside += low <= whole <= high
    assert inside >= 40


def test_the_biased_estimator_has_no_interval() -> None:
    """Its bias exceeds its spread: of independent vectors, whose CKA is 0, it is far above 0."""
    value, low, high = ours(*np.random.default_rng(5).normal(size=(2, 40, 100)), "linear")["biased"]
    assert value > 0.5 and np.isnan(low) and np.isnan(high)


def test_representations_that_do_not_vary_have_no_cka() -> None:
    one, _ = data(7)
    for kernel in KERNELS:
        assert np.isnan(ours(one, np.ones((60, 3)), kernel)["biased"]).all()


def test_too_few_sentences_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        ours(*data(8, 7), "linear")


def test_bandwidth_is_the_root_of_the_median_squared_distance() -> None:
    assert median_bandwidth(np.array([[0.0], [0.0], [3.0], [4.0]])) == pytest.approx(
        np.sqrt(np.median([9, 16, 9, 16, 1]))
    )


def test_the_published_scripts_windows_overlap() -> None:
    one, other = data(9)
    windows = [reference(one[i : i + 15], other[i : i + 15], "rbf", "biased") for i in range(4)]
    assert published_script_cka(one, other) == pytest.approx(np.mean(windows), abs=1e-9)
    # No more sentences are read than these.
    size = len(one) // 4
    read = slice(size + 3)
    assert published_script_cka(one[read], other[read], size) == published_script_cka(one, other)
