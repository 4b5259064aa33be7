"""Nearest-neighbour translation retrieval (Pires, Schlinger & Garrette, ACL 2019, section 5.2)."""

from __future__ import annotations

import numpy as np

ROWS_AT_ONCE = 1024


def retrieval_accuracy(source: np.ndarray, target: np.ndarray) -> float:
    """Percentage of sentences whose nearest neighbour after the shift is their translation.

    The mean difference between the languages (target minus source) is added to each source
    sentence; the nearest neighbour is the target sentence with the smallest Euclidean distance, the
    first one in ties.

    Args:
        source, target: vectors of parallel sentences, aligned by row; shape (sentences,
            dimensions).
    """
    return 100 * int(retrieved(source, target).sum()) / len(source)


def retrieved(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Whether the nearest neighbour of each source sentence is its translation.

    Args:
        source, target: vectors as for ``retrieval_accuracy``.

    Returns:
        Booleans of shape (sentences,).
    """
    source, target = source.astype(np.float32), target.astype(np.float32)
    # Centring both languages is equivalent to the shift, and keeps the squares below small, as
    # float32 requires.
    queries = source - source.mean(axis=0)
    candidates = target - target.mean(axis=0)
    # |q − c|² = |q|² − 2 q·c + |c|², where |q|² is constant for a query.
    squares = np.einsum("ij,ij->i", candidates, candidates)
    found = np.zeros(len(queries), dtype=bool)
    for start in range(0, len(queries), ROWS_AT_ONCE):
        block = queries[start : start + ROWS_AT_ONCE]
        nearest = (squares[None, :] - 2 * block @ candidates.T).argmin(axis=1)
        found[start : start + len(block)] = nearest == np.arange(start, start + len(block))
    return found
