"""Batches of examples of similar length within a budget of subwords."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np


def plan_batches(
    lengths: np.ndarray, budget: int, order: np.ndarray, rows: np.ndarray | None = None
) -> list[np.ndarray]:
    """Group examples of similar length into batches within a budget of subwords.

    Args:
        lengths: number of subwords in the longest row of each example, including special tokens;
            shape (examples,).
        budget: maximum number of subwords and padding per batch; a single example may exceed it.
        order: permutation of the examples; examples of equal size keep this order.
        rows: number of rows of each example; same shape as ``lengths``; ``None``: one row each.

    Returns:
        The indices of the examples of each batch, short examples first. The number of batches
        depends on the sizes alone, not on the order.
    """
    rows = np.ones_like(lengths) if rows is None else rows
    by_length = order[np.lexsort((rows[order], lengths[order]))]
    ascending = lengths[by_length]
    until = np.concatenate([[0], np.cumsum(rows[by_length])])
    batches, start = [], 0
    while start < len(by_length):
        before = until[start]
        # All later examples are at least as long as the first one and have at least one row.
        most = start + max(1, budget // int(ascending[start]))
        places = range(start + 1, min(most, len(by_length)))
        end = (
            start
            + 1
            + bisect_right(
                places,
                budget,
                key=lambda place, before=before: (until[place + 1] - before) * ascending[place],
            )
        )
        batches.append(by_length[start:end])
        start = end
    return batches
