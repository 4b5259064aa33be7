"""Centred kernel alignment (CKA): similarity of two representations of the same sentences.

CKA(X, Y) = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) for kernel matrices K of X and L of Y
(Kornblith et al., ICML 2019). The biased estimator of HSIC is theirs, tr(KHLH); the unbiased one,
which ignores the diagonals, is that of Song et al. (JMLR 2012, eq. 5). The factor 1/(n - 1)² of the
former cancels in CKA and is omitted.

For unrelated data with few sentences and many dimensions, the biased estimator is far above zero;
the unbiased one is zero in expectation and may be negative.
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
"""Maximum elements of a kernel matrix in memory; larger matrices are processed in row blocks."""

BANDWIDTH_SENTENCES = 4000
"""Maximum number of sentences, evenly spaced, for the median distance."""

GROUPS = 20
"""Number of groups of sentences; a half sample has half of the groups."""

HALVES = 200
LEVEL = 0.95


class InnerProducts:
    """The inner products of a set of vectors, in blocks of rows, as input of both kernels.

    Args:
        vectors: vectors of shape (sentences, dimensions).
        block_elements: maximum number of elements in memory.
    """

    def __init__(self, vectors: np.ndarray, block_elements: int = BLOCK_ELEMENTS) -> None:
        # Centring does not change CKA, and avoids loss of precision through large offsets.
        self.vectors = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
        self.norms = np.square(self.vectors).sum(axis=1)
        self.sentences = len(vectors)
        self.block_rows = max(1, block_elements // self.sentences)
        self._whole: np.ndarray | None = None

    def rows(self, start: int) -> np.ndarray:
        """``block_rows`` rows from ``start`` on, or fewer at the end."""
        if self._whole is not None:
            return self._whole
        found = self.vectors[start : start + self.block_rows] @ self.vectors.T
        if self.block_rows >= self.sentences:
            self._whole = found
        return found

    def squared_distances(self, start: int) -> np.ndarray:
        """Squared distances between the vectors of these rows and all vectors."""
        products = self.rows(start)
        norms = self.norms[start : start + len(products), None]
        distances = norms + self.norms - 2 * products
        # Rounding gives equal vectors small positive or negative distances.
        distances[distances < 1e-12 * norms] = 0
        return distances


def median_bandwidth(vectors: np.ndarray | InnerProducts) -> float:
    """The square root of the median of the non-zero squared distances between vectors.

    Args:
        vectors: vectors of shape (sentences, dimensions), or their inner products.

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
        inner: inner products of the vectors.
        kernel: name ``linear`` or ``rbf``; the bandwidth of the latter is ``median_bandwidth``.
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
        """A block of rows, of the size of those of the inner products."""
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
        """All blocks of rows, each with the index of its first row."""
        for start in range(0, self.inner.sentences, self.inner.block_rows):
            yield start, self.rows(start)

    def weighted_sums(self, weights: np.ndarray) -> np.ndarray:
        """K W for weights of shape (sentences, samples)."""
        return np.concatenate([block @ weights for _, block in self.blocks()])


@dataclass(frozen=True)
class Samples:
    """Samples of sentences that consist of the same groups of sentences.

    Sums over pairs of sentences are first computed over pairs of groups, so that further samples
    cost almost nothing.

    Attributes:
        groups: indicator of the sentences of each group; shape (sentences, groups).
        chosen: indicator of the groups of each sample (first: all); shape (groups, samples).
    """

    groups: np.ndarray
    chosen: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """Indicator of the sentences of each sample; shape (sentences, samples)."""
        return self.groups @ self.chosen

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of sentences of each sample."""
        return self.weights.sum(axis=0)


def half_samples(name: str, sentences: int, halves: int = HALVES) -> Samples:
    """The sample of all sentences, and random half samples.

    Args:
        name: seed of the draws.
        sentences: number of sentences.
        halves: number of half samples; each has half of the groups.
    """
    draws = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()[:16]))
    number = min(GROUPS, sentences)
    membership = draws.permutation(sentences) % number
    groups = (membership[:, None] == np.arange(number)).astype(np.float64)
    order = draws.random((number, halves)).argsort(axis=0)
    return Samples(groups, np.concatenate([np.ones((number, 1)), order < number // 2], axis=1))


class RowSums:
    """Sums of the rows of a kernel matrix within samples.

    Args:
        sums: shape (sentences, samples).
        weights: indicator of the sentences of each sample, of the same shape.
    """

    def __init__(self, sums: np.ndarray, weights: np.ndarray) -> None:
        self._sums, self._within = sums, weights * sums
        self.totals = self._within.sum(axis=0)

    def products(self, other: RowSums) -> np.ndarray:
        """Sum over the sentences of each sample of the products with the sums of another matrix."""
        return (self._within * other._sums).sum(axis=0)


class Representation:
    """A kernel matrix with precomputed sums for all comparisons.

    Args:
        vectors: vectors, shape (sentences, dimensions), or their inner products, to share them.
        kernel: name ``linear`` or ``rbf``.
        samples: samples from ``half_samples``.
        block_elements: maximum number of matrix elements in memory.

    Raises:
        ValueError: there are fewer than 8 sentences, too few for unbiased estimates on halves.
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
        sums = self.matrix.weighted_sums(samples.groups) @ samples.chosen
        self.sums = RowSums(sums, samples.weights)
        without = sums - self.matrix.diagonal[:, None] * samples.weights
        self.sums_without_diagonal = RowSums(without, samples.weights)
        self.self_hsic = hsic(self, self)


def hsic(one: Representation, other: Representation) -> dict[str, np.ndarray]:
    """The Hilbert-Schmidt independence criterion (HSIC) on each sample.

    Args:
        one, other: representations of the same sentences in the same order, with the same samples.

    Returns:
        Estimator → value of each sample.
    """
    groups, chosen = one.samples.groups, one.samples.chosen
    between = np.zeros((groups.shape[1], groups.shape[1]))
    for start, block in one.matrix.blocks():
        both = block * other.matrix.rows(start)
        between += groups[start : start + len(block)].T @ (both @ groups)
    products = np.einsum("gs,gs->s", chosen, between @ chosen)
    return {"biased": _biased(products, one, other), "unbiased": _unbiased(products, one, other)}


def _biased(products: np.ndarray, one: Representation, other: Representation) -> np.ndarray:
    """tr(KHLH), computed from sums of K, L and their element-wise product."""
    number = one.samples.sizes
    totals = one.sums.totals * other.sums.totals
    return products - 2 / number * one.sums.products(other.sums) + totals / number**2


def _unbiased(products: np.ndarray, one: Representation, other: Representation) -> np.ndarray:
    """The estimator of Song et al., computed on matrices with zero diagonals."""
    number = one.samples.sizes
    products = products - (one.matrix.diagonal * other.matrix.diagonal) @ one.samples.weights
    ones, others = one.sums_without_diagonal, other.sums_without_diagonal
    totals, crossed = ones.totals * others.totals, ones.products(others)
    value = products + totals / ((number - 1) * (number - 2)) - 2 / (number - 2) * crossed
    return value / (number * (number - 3))


def cka(one: Representation, other: Representation) -> dict[str, tuple[float, float, float]]:
    """CKA of two representations; for the unbiased estimator with a confidence interval.

    The confidence interval uses random halves of the sentences: estimates on halves vary around
    their mean as much as the full estimate around the truth (delete-half jackknife; Shao and Wu,
    Annals of Statistics 1989). A bootstrap is not applicable, since a sentence drawn twice would be
    compared with itself. The biased estimator has no interval: its bias exceeds its standard
    deviation, so the interval would not contain the population value.

    Args:
        one, other: representations of the same sentences in the same order, with the same samples.

    Returns:
        Estimator → value, lower and upper bound; the bounds are NaN for the biased estimator. All
        are NaN if a representation is constant.
    """
    found = {}
    for estimator, values in hsic(one, other).items():
        # The unbiased estimate of HSIC(K, K) can be negative by chance.
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
    """Linear CKA computed in feature space, without a matrix over pairs of sentences.

    It costs sentences × dimensions² instead of sentences² × dimensions, so it is faster for more
    sentences than dimensions.

    Args:
        one, other: vectors of shape (sentences, dimensions), for the same sentences in the same
            order.

    Returns:
        Estimator → value.
    """
    one, other = (x.astype(np.float64) - x.mean(axis=0, dtype=np.float64) for x in (one, other))
    values = _linear_hsic(one, other)
    own, others = (_linear_hsic(x, x) for x in (one, other))
    return {name: values[name] / np.sqrt(own[name] * others[name]) for name in ESTIMATORS}


def _linear_hsic(one: np.ndarray, other: np.ndarray) -> Mapping[str, float]:
    """Both estimators for centred vectors; the rows of their kernel matrices sum to zero."""
    number = len(one)
    product = float(np.square(one.T @ other).sum())
    diagonal, other_diagonal = np.square(one).sum(axis=1), np.square(other).sum(axis=1)
    trace = product - diagonal @ other_diagonal
    totals = diagonal.sum() * other_diagonal.sum() / ((number - 1) * (number - 2))
    crossed = 2 / (number - 2) * (diagonal @ other_diagonal)
    unbiased = (trace + totals - crossed) / (number * (number - 3))
    return {"biased": product, "unbiased": unbiased}


def published_script_cka(one: np.ndarray, other: np.ndarray, size: int | None = None) -> float:
    """CKA as in the published script: the mean over four overlapping windows.

    Each window has a quarter of the sentences and starts one sentence after the previous one; RBF
    kernel, biased estimator. Only for comparison with published numbers.

    Args:
        one, other: vectors of shape (sentences, dimensions), for the same sentences in the same
            order.
        size: sentences per window, if the input has only those of the windows; they span ``size +
            3``.
    """
    size = size or len(one) // 4
    everything = Samples(np.ones((size, 1)), np.ones((1, 1)))
    values = []
    for start in range(4):
        window = slice(start, start + size)
        pair = (Representation(x[window], "rbf", everything) for x in (one, other))
        values.append(cka(*pair)["biased"][0])
    return float(np.mean(values))
