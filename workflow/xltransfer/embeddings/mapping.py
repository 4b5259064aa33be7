"""Linear maps from one space of word vectors to another, from pairs of words.

A map W minimises ‖X W − Y‖_F over the pairs, whose vectors are the rows of X and Y: without
constraint (Mikolov, Le & Sutskever, arXiv:1309.4168), or among orthogonal maps (Xing, Wang, Liu &
Lin, NAACL 2015), for which W = U Vᵀ with U Σ Vᵀ = SVD(Xᵀ Y) (orthogonal Procrustes; Schönemann,
Psychometrika 1966). Vectors are rows here, so a word is mapped as x W.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..runtime.errors import InputError
from .csls import NEIGHBOURS, nearest_by_csls, unit
from .word_vectors import WordVectors

LEAST_SQUARES, PROCRUSTES = "least-squares", "procrustes"
MAXIMUM_RANK = 10_000
"""Most frequent words among which refinement looks for pairs, as in MUSE's supervised mode."""
CRITERION_WORDS = 10_000
"""Most frequent source words of the unsupervised criterion, as published."""
Places = tuple[np.ndarray, np.ndarray]
"""Rows of the source words and of the target words of some pairs."""


def least_squares(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The map W that minimises ‖X W − Y‖_F; with fewer pairs than dimensions, that of least norm.

    Args:
        source, target: vectors of the pairs, X and Y; shape (pairs, dimensions of each space).

    Returns:
        float64, shape (source dimensions, target dimensions).
    """
    return np.linalg.lstsq(source.astype(np.float64), target.astype(np.float64), rcond=None)[0]


def procrustes(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The orthogonal map W that minimises ‖X W − Y‖_F.

    Args:
        source, target: vectors of the pairs, X and Y; both of shape (pairs, dimensions).

    Returns:
        float64, shape (dimensions, dimensions).

    Raises:
        InputError: the spaces have different dimensions.
    """
    check_dimensions(source, target)
    left, _, right = np.linalg.svd(source.astype(np.float64).T @ target.astype(np.float64))
    return left @ right


MAPS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    LEAST_SQUARES: least_squares,
    PROCRUSTES: procrustes,
}
"""Functions of the vectors of pairs by name."""


def check_dimensions(source: np.ndarray, target: np.ndarray) -> None:
    """Raise an error if an orthogonal map is impossible.

    Raises:
        InputError: the spaces have different dimensions.
    """
    if source.shape[1] != target.shape[1]:
        raise InputError(
            f"vectors of {source.shape[1]} and of {target.shape[1]} dimensions have no orthogonal "
            "map; use `least-squares`, or vectors of one size"
        )


def places_of_pairs(
    pairs: Sequence[tuple[str, str]], source: WordVectors, target: WordVectors
) -> Places:
    """The rows of those pairs of which both words have a vector, in the order of the pairs."""
    known = [
        (source.index[one], target.index[other])
        for one, other in pairs
        if one in source.index and other in target.index
    ]
    found = np.array(known, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def identical_strings(source: WordVectors, target: WordVectors) -> Places:
    """The rows of words that are the same string in both vocabularies, in source order."""
    return places_of_pairs([(word, word) for word in source.words], source, target)


def mutual_neighbours(
    mapped: np.ndarray,
    target: np.ndarray,
    maximum_rank: int = MAXIMUM_RANK,
    neighbours: int = NEIGHBOURS,
) -> Places:
    """Pairs of frequent words that are each other's nearest neighbours by CSLS.

    r_T and r_S are over the same frequent words.

    Args:
        mapped, target: unit rows of the mapped source words and of the target words.
        maximum_rank: number of most frequent words of each language.
        neighbours: k of CSLS.
    """
    one, other = mapped[:maximum_rank], target[:maximum_rank]
    forward = nearest_by_csls(one, one, other, 1, neighbours)[1][:, 0]
    backward = nearest_by_csls(other, other, one, 1, neighbours)[1][:, 0]
    own = np.flatnonzero(backward[forward] == np.arange(len(one)))
    return own, forward[own]


def refine(
    source: np.ndarray,
    target: np.ndarray,
    mapping: np.ndarray,
    iterations: int,
    maximum_rank: int = MAXIMUM_RANK,
    neighbours: int = NEIGHBOURS,
) -> np.ndarray:
    """Iterative refinement: Procrustes on the mutual neighbours under the map so far.

    Conneau, Lample, Ranzato, Denoyer & Jégou (ICLR 2018), section 2.2.

    Args:
        source, target: vectors of the vocabularies, most frequent words first.
        mapping: map to start from.
        iterations: number of iterations; it ends earlier if no pair is mutual.
        maximum_rank, neighbours: as for ``mutual_neighbours``.
    """
    for _ in range(iterations):
        pairs = mutual_neighbours(unit(source @ mapping), unit(target), maximum_rank, neighbours)
        if not len(pairs[0]):
            break
        mapping = procrustes(source[pairs[0]], target[pairs[1]])
    return mapping


def mean_csls_cosine(
    source: np.ndarray, target: np.ndarray, mapping: np.ndarray, neighbours: int = NEIGHBOURS
) -> float:
    """The unsupervised criterion of Conneau et al. (ICLR 2018), section 3.

    The mean cosine between the most frequent source words and their translations by CSLS. As
    published, 10,000 source words are translated; here, r_T and r_S are over these and the most
    frequent 10,000 target words, which are the candidates as well.

    Args:
        source, target: vectors of the vocabularies, most frequent words first.
        mapping: map of the source vectors.
        neighbours: k of CSLS.
    """
    mapped = unit(source[:CRITERION_WORDS] @ mapping)
    candidates = unit(target[:CRITERION_WORDS])
    found = nearest_by_csls(mapped, mapped, candidates, 1, neighbours)[1][:, 0]
    return float(np.einsum("ij,ij->i", mapped, candidates[found]).mean(dtype=np.float64))
