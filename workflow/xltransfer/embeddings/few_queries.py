"""CSLS for few queries among large vocabularies, exactly, without r_S of every target word.

r_S(y) is the mean cosine of y with its k nearest mapped source words, so any subset of the source
words gives a lower bound of it, and an upper bound of 2 cos(x, y) − r_S(y). Two subsets are used:
a sample of the vocabulary for all y, and for the y that are near a query, the source words that
are near this query too, which gives a tight bound. Target words are taken in the order of their
bounds, with their exact r_S, until no bound of another one reaches the worst value that is kept.
"""

from __future__ import annotations

import numpy as np
import torch

from .csls import CELLS_AT_ONCE, NEIGHBOURS, largest, mean_similarity

SAMPLE = 4096
"""Source words of the bounds for all target words."""
NEAR_SOURCE, NEAR_TARGET = 128, 512
"""Source and target words near a query, among which the tight bounds are computed."""
AT_ONCE = 256
_SLACK = 1e-5
"""More than rounding errors of float32, by which a computed bound may be below an exact value."""


def nearest_by_csls_of_few(
    queries: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    count: int,
    neighbours: int = NEIGHBOURS,
) -> tuple[np.ndarray, np.ndarray]:
    """As ``csls.nearest_by_csls``, in a fraction of the time for few queries.

    Args:
        queries, source, target: unit rows of the mapped queries, of the whole mapped source
            vocabulary and of the whole target vocabulary.
        count: number of neighbours.
        neighbours: k of CSLS.

    Returns:
        CSLS and indices, best first, shape (queries, count).
    """
    count = min(count, len(target))
    exact = np.full(len(target), np.nan, dtype=np.float32)
    loose = _sampled_bounds(source, target, neighbours)
    values = np.empty((len(queries), count), dtype=np.float32)
    indices = np.empty((len(queries), count), dtype=np.int64)
    rows = max(1, min(AT_ONCE, CELLS_AT_ONCE // len(target)))
    for start in range(0, len(queries), rows):
        block = queries[start : start + rows]
        found = _Candidates(block, source, target, loose, neighbours)
        while len(wanted := found.wanted(exact, count)):
            exact[wanted] = mean_similarity(target[wanted], source, neighbours)
        values[start : start + rows], indices[start : start + rows] = found.best(count)
    return values - mean_similarity(queries, target, neighbours)[:, None], indices


def _sampled_bounds(source: np.ndarray, target: np.ndarray, neighbours: int) -> np.ndarray:
    """Lower bounds of r_S of all target words: the mean over a sample that may be too small."""
    sample = source[np.linspace(0, len(source) - 1, min(SAMPLE, len(source))).astype(np.int64)]
    if len(sample) < neighbours:
        return np.full(len(target), -1, dtype=np.float32)
    return mean_similarity(target, sample, neighbours).astype(np.float32) - _SLACK


class _Candidates:
    """Upper bounds of 2 cos − r_S of all target words for a block of queries.

    Args:
        queries, source, target: unit rows.
        loose: lower bounds of r_S of all target words.
        neighbours: k of CSLS.
    """

    def __init__(
        self,
        queries: np.ndarray,
        source: np.ndarray,
        target: np.ndarray,
        loose: np.ndarray,
        neighbours: int,
    ) -> None:
        columns = torch.from_numpy(target).T
        self.cosines = torch.from_numpy(queries) @ columns
        self.bounds = (2 * self.cosines - torch.from_numpy(loose)).numpy()
        near_source = largest(
            torch.from_numpy(queries) @ torch.from_numpy(source).T, min(NEAR_SOURCE, len(source))
        )[1]
        places = largest(torch.from_numpy(self.bounds), min(NEAR_TARGET, len(target)))[1]
        if near_source.shape[1] < neighbours:
            return
        for row, (words, others) in enumerate(zip(near_source, places, strict=True)):
            near = torch.from_numpy(target[others]) @ torch.from_numpy(source[words]).T
            tight = near.topk(neighbours, dim=1).values.mean(dim=1).numpy() - _SLACK
            own = 2 * self.cosines[row].numpy()[others] - tight
            self.bounds[row, others] = np.minimum(self.bounds[row, others], own)

    def wanted(self, exact: np.ndarray, count: int) -> np.ndarray:
        """Target words whose exact r_S is still needed.

        Args:
            exact: r_S of all target words, NaN if unknown.
            count: number of neighbours.
        """
        known = ~np.isnan(exact)
        if known.any():
            np.copyto(self.bounds, 2 * self.cosines.numpy() - exact, where=known)
        kept = largest(torch.from_numpy(self.bounds), count)[1]
        return np.unique(kept[~known[kept]])

    def best(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The best values and their indices, all of which are exact by now."""
        return largest(torch.from_numpy(self.bounds), count)
