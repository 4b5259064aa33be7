"""Nearest-neighbour translation retrieval (Pires, Schlinger & Garrette, ACL 2019, section 5.2)."""

from __future__ import annotations

import numpy as np

ROWS_AT_ONCE = 1024


def retrieval_accuracy(source: np.ndarray, target: np.ndarray) -> float:
    """How often the nearest neighbour of a shifted sentence is its translation, in percent.

    The mean difference between the languages, target less source, is added to each source
    sentence; its neighbours are looked for among all target sentences, by Euclidean distance. Of
    equally near ones the first counts.

    Args:
        source, target: vectors of parallel sentences, row i of one translating row i of the other;
            shape (sentences, dimensions).
    """
    source, target = source.astype(np.float32), target.astype(np.float32)
    # Centring both languages is the same as shifting one by the mean difference, and keeps the
    # squares below small, which float32 needs.
    queries = source - source.mean(axis=0)
    candidates = target - target.mean(axis=0)
    # |q − c|² = |q|² − 2 q·c + |c|², and |q|² is the same for all candidates of a query.
    squares = np.einsum("ij,ij->i", candidates, candidates)
    right = 0
    for start in range(0, len(queries), ROWS_AT_ONCE):
        block = queries[start : start + ROWS_AT_ONCE]
        nearest = (squares[None, :] - 2 * block @ candidates.T).argmin(axis=1)
        right += int((nearest == np.arange(start, start + len(block))).sum())
    return 100 * right / len(source)
