"""Which rows share a batch: those of like length, within a budget of pieces."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np


def plan_batches(
    lengths: np.ndarray, budget: int, order: np.ndarray, rows: np.ndarray | None = None
) -> list[np.ndarray]:
    """Cut examples into batches of like length within a budget of pieces, padding counted.

    Args:
        lengths: pieces in the longest row of each example, special tokens included; shape
            (examples,).
        budget: the most pieces of a batch; a single example may exceed it.
        order: a permutation of the examples; those of equal size keep its order.
        rows: how many rows each example has; same shape as ``lengths``. ``None`` is one each.

    Returns:
        For each batch the indices of its examples, short ones first. How many batches there are
        depends on the sizes alone, not on the order.
    """
    rows = np.ones_like(lengths) if rows is None else rows
    by_length = order[np.lexsort((rows[order], lengths[order]))]
    ascending = lengths[by_length]
    until = np.concatenate([[0], np.cumsum(rows[by_length])])
    batches, start = [], 0
    while start < len(by_length):
        before = until[start]
        # No example that follows is shorter than the first one, or has less than a row.
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
