"""Centred kernel alignment: how similar two sets of representations of the same sentences are.

CKA(X, Y) = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) for kernel matrices K of X and L of Y
(Kornblith et al., ICML 2019). The biased estimator of HSIC is theirs, tr(KHLH); the unbiased one is
that of Song et al. (JMLR 2012, eq. 5), which the diagonals do not enter. The factor 1/(n - 1)² of
the former is left out, since CKA does not depend on it.

The biased estimator is far above zero for unrelated data where sentences are few and dimensions
many; the unbiased one is zero in expectation there, and may be negative.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

KERNELS = ("linear", "rbf")
ESTIMATORS = ("biased", "unbiased")
BLOCK_ELEMENTS = 2**24
"""Elements of a kernel matrix that are held at once; larger matrices are walked through in rows."""

BANDWIDTH_SENTENCES = 4000
"""The median distance is taken over at most so many sentences, evenly spaced."""

GROUPS = 20
"""Of sentences, half of which make a half."""

HALVES = 200
LEVEL = 0.95


class InnerProducts:
    """The inner products of a set of vectors, in blocks of rows, which both kernels come from.

    Args:
        vectors: shape (sentences, dimensions).
        block_elements: how many elements to hold at once.
    """

    def __init__(self, vectors: np.ndarray, block_elements: int = BLOCK_ELEMENTS) -> None:
        # Centring changes neither kernel's CKA and keeps large offsets from costing digits.
        self.vectors = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
        self.norms = np.square(self.vectors).sum(axis=1)
        self.sentences = len(vectors)
        self.block_rows = max(1, block_elements // self.sentences)
        self._whole: np.ndarray | None = None

    def rows(self, start: int) -> np.ndarray:
        """``block_rows`` rows, or what is left of them."""
        if self._whole is not None:
            return self._whole
        found = self.vectors[start : start + self.block_rows] @ self.vectors.T
        if self.block_rows >= self.sentences:
            self._whole = found
        return found

    def squared_distances(self, start: int) -> np.ndarray:
        """Between the vectors of these rows and all."""
        products = self.rows(start)
        norms = self.norms[start : start + len(products), None]
        distances = norms + self.norms - 2 * products
        # Rounding leaves equal vectors a little apart, or beyond.
        distances[distances < 1e-12 * norms] = 0
        return distances


def median_bandwidth(vectors: np.ndarray | InnerProducts) -> float:
    """The square root of the median of the squared distances between vectors that are not zero.

    Args:
        vectors: shape (sentences, dimensions), or their inner products.

    Returns:
        σ of the kernel exp(-‖x - y‖² / 2σ²); 1 if all vectors are equal.
    """
    if isinstance(vectors, np.ndarray):
        vectors = InnerProducts(vectors)
    step = -(-vectors.sentences // BANDWIDTH_SENTENCES)
    if step > 1 or vectors.block_rows < vectors.sentences:
        vectors = InnerProducts(vectors.vectors[::step])
    distances = vectors.squared_distances(0)
    positive = distances[distances > 0]
    return float(np.sqrt(np.median(positive))) if positive.size else 1.0


class KernelMatrix:
    """A kernel matrix, in blocks of rows.

    Args:
        inner: the inner products that it comes from.
        kernel: ``linear`` or ``rbf``, whose bandwidth follows from the vectors.
    """

    def __init__(self, inner: InnerProducts, kernel: str) -> None:
        if kernel not in KERNELS:
            raise ValueError(f"{kernel!r} is none of {', '.join(KERNELS)}")
        self.inner = inner
        self.kernel = kernel
        self.diagonal = inner.norms
        self._whole: np.ndarray | None = None
        if kernel == "rbf":
            self._scale = -0.5 / median_bandwidth(inner) ** 2
            self.diagonal = np.ones(inner.sentences)

    def rows(self, start: int) -> np.ndarray:
        """As many rows as there are inner products at once."""
        if self.kernel == "linear":
            return self.inner.rows(start)
        if self._whole is not None:
            return self._whole
        found = self.inner.squared_distances(start)
        found *= self._scale
        np.exp(found, out=found)
        if len(found) == self.inner.sentences:
            self._whole = found
        return found

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """All rows, with the number of the first of each block."""
        for start in range(0, self.inner.sentences, self.inner.block_rows):
            yield start, self.rows(start)

    def weighted_sums(self, weights: np.ndarray) -> np.ndarray:
        """K W for weights of shape (sentences, samples)."""
        return np.concatenate([block @ weights for _, block in self.blocks()])


@dataclass(frozen=True)
class Samples:
    """Sets of sentences that are made of the same groups of sentences.

    Sums over pairs of sentences are taken over pairs of groups first, so that a further sample
    costs next to nothing.

    Attributes:
        groups: 1 where a sentence belongs to a group; shape (sentences, groups).
        chosen: 1 where a sample takes a group; shape (groups, samples). The first takes all.
    """

    groups: np.ndarray
    chosen: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """1 where a sample takes a sentence; shape (sentences, samples)."""
        return self.groups @ self.chosen


def half_samples(name: str, sentences: int, halves: int = HALVES) -> Samples:
    """All sentences, and random halves of them.

    Args:
        name: seeds the draws.
        sentences: how many there are.
        halves: how many halves to draw; each takes half of the groups.
    """
    draws = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()[:16]))
    number = min(GROUPS, sentences)
    membership = draws.permutation(sentences) % number
    groups = (membership[:, None] == np.arange(number)).astype(np.float64)
    order = draws.random((number, halves)).argsort(axis=0)
    return Samples(groups, np.concatenate([np.ones((number, 1)), order < number // 2], axis=1))


class Representation:
    """A kernel matrix with what every comparison with it needs, computed once.

    Args:
        vectors: shape (sentences, dimensions), or their inner products, which kernels can share.
        kernel: ``linear`` or ``rbf``.
        samples: from ``half_samples``.
        block_elements: of the matrix to hold at once.

    Raises:
        ValueError: there are fewer than 8 sentences, whose halves the unbiased estimator needs.
    """

    def __init__(
        self,
        vectors: np.ndarray | InnerProducts,
        kernel: str,
        samples: Samples,
        block_elements: int = BLOCK_ELEMENTS,
    ) -> None:
        if isinstance(vectors, np.ndarray):
            vectors = InnerProducts(vectors, block_elements)
        if vectors.sentences < 8:
            raise ValueError("CKA needs at least 8 sentences")
        self.matrix = KernelMatrix(vectors, kernel)
        self.samples = samples
        self.sums = self.matrix.weighted_sums(samples.groups) @ samples.chosen
        self.self_hsic = hsic(self, self)


def hsic(one: Representation, other: Representation) -> dict[str, np.ndarray]:
    """The Hilbert-Schmidt independence criterion on each sample.

    Args:
        one, other: of the same sentences in the same order, with the same samples.

    Returns:
        Estimator → value of each sample.
    """
    groups, chosen, weights = one.samples.groups, one.samples.chosen, one.samples.weights
    number = weights.sum(axis=0)
    between = np.zeros((groups.shape[1], groups.shape[1]))
    for start, block in one.matrix.blocks():
        both = block * other.matrix.rows(start)
        between += groups[start : start + len(block)].T @ (both @ groups)
    products = np.einsum("gs,gs->s", chosen, between @ chosen)
    diagonals = one.matrix.diagonal, other.matrix.diagonal
    return {
        "biased": _biased(products, one.sums, other.sums, weights, number),
        "unbiased": _unbiased(products, one.sums, other.sums, weights, number, *diagonals),
    }


def _biased(
    products: np.ndarray,
    ones: np.ndarray,
    others: np.ndarray,
    weights: np.ndarray,
    number: np.ndarray,
) -> np.ndarray:
    """tr(KHLH), written out in sums of K, L and their element-wise product."""
    crossed = (weights * ones * others).sum(axis=0)
    totals = (weights * ones).sum(axis=0) * (weights * others).sum(axis=0)
    return products - 2 / number * crossed + totals / number**2


def _unbiased(
    products: np.ndarray,
    ones: np.ndarray,
    others: np.ndarray,
    weights: np.ndarray,
    number: np.ndarray,
    diagonal: np.ndarray,
    other_diagonal: np.ndarray,
) -> np.ndarray:
    """Song et al.'s estimator: as the biased one, of matrices whose diagonals are zero."""
    products = products - (diagonal * other_diagonal) @ weights
    ones = ones - diagonal[:, None] * weights
    others = others - other_diagonal[:, None] * weights
    crossed = (weights * ones * others).sum(axis=0)
    totals = (weights * ones).sum(axis=0) * (weights * others).sum(axis=0)
    value = products + totals / ((number - 1) * (number - 2)) - 2 / (number - 2) * crossed
    return value / (number * (number - 3))


def cka(one: Representation, other: Representation) -> dict[str, tuple[float, float, float]]:
    """CKA of two representations, with an interval over sentences for the unbiased estimator.

    The interval comes from random halves of the sentences: the estimate on half of the data, around
    its mean, spreads as much as the full one around the truth (the delete-half jackknife; Shao and
    Wu, Annals of Statistics 1989). Drawing with replacement would not do, since a sentence drawn
    twice is infinitely similar to itself. The biased estimator has no interval: its bias is larger
    than its spread, so that an interval would not contain the population value.

    Args:
        one, other: of the same sentences in the same order, with the same samples.

    Returns:
        Estimator → value, lower and upper bound, which are NaN for the biased estimator. All are
        NaN where a representation does not vary.
    """
    found = {}
    for estimator, values in hsic(one, other).items():
        # An unbiased estimate of a representation's own HSIC can fall below zero by chance.
        norm = one.self_hsic[estimator] * other.self_hsic[estimator]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.where(norm > 0, values / np.sqrt(norm), np.nan)
        bounds = _interval(ratios) if estimator == "unbiased" else (float("nan"), float("nan"))
        found[estimator] = float(ratios[0]), *bounds
    return found


def _interval(ratios: np.ndarray) -> tuple[float, float]:
    value, halves = float(ratios[0]), ratios[1:][np.isfinite(ratios[1:])]
    if not halves.size or not np.isfinite(value):
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(halves - halves.mean(), [tail, 1 - tail])
    return value + float(low), value + float(high)


def linear_cka(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Linear CKA in the space of the dimensions: no matrix over pairs of sentences is made.

    Costs sentences × dimensions², where the other form costs sentences² × dimensions: cheaper for
    more sentences than dimensions.

    Args:
        one, other: shapes (sentences, dimensions), of the same sentences in the same order.

    Returns:
        Estimator → value.
    """
    pair = [x.astype(np.float64) - x.mean(axis=0, dtype=np.float64) for x in (one, other)]
    values = {
        key: _linear_hsic(pair[a], pair[b])
        for key, a, b in (("xy", 0, 1), ("x", 0, 0), ("y", 1, 1))
    }
    return {
        estimator: values["xy"][estimator]
        / np.sqrt(values["x"][estimator] * values["y"][estimator])
        for estimator in ESTIMATORS
    }


def _linear_hsic(one: np.ndarray, other: np.ndarray) -> Mapping[str, float]:
    """Both estimators, for centred vectors, whose kernel matrices have rows that sum to zero."""
    number = len(one)
    product = float(np.square(one.T @ other).sum())
    diagonal, other_diagonal = np.square(one).sum(axis=1), np.square(other).sum(axis=1)
    trace = product - diagonal @ other_diagonal
    totals = diagonal.sum() * other_diagonal.sum() / ((number - 1) * (number - 2))
    crossed = 2 / (number - 2) * (diagonal @ other_diagonal)
    unbiased = (trace + totals - crossed) / (number * (number - 3))
    return {"biased": product, "unbiased": unbiased}


def published_script_cka(one: np.ndarray, other: np.ndarray, size: int | None = None) -> float:
    """What the published script prints: the mean over four windows that overlap.

    Each of the windows holds a quarter of the sentences and starts one sentence after the one
    before; RBF kernel, biased estimator. Here to compare with published numbers only.

    Args:
        one, other: shapes (sentences, dimensions), of the same sentences in the same order.
        size: sentences of a window, if not all are given. The last window ends 3 after the first.
    """
    size = size or len(one) // 4
    everything = Samples(np.ones((size, 1)), np.ones((1, 1)))
    values = []
    for start in range(4):
        window = slice(start, start + size)
        pair = [Representation(x[window], "rbf", everything) for x in (one, other)]
        products = [r.self_hsic["biased"][0] for r in pair]
        values.append(hsic(*pair)["biased"][0] / np.sqrt(products[0] * products[1]))
    return float(np.mean(values))
