"""CSLS for few queries among large vocabularies, exactly, without r_S of every target word.

r_S(y) is the mean cosine of y with its k nearest mapped source words, so any subset of the source
words gives a lower bound of it, and an upper bound of 2 cos(x, y) − r_S(y). The subsets are cells,
as in an inverted file (Jégou, Douze & Schmid, TPAMI 2011): some source words are pivots, a word is
in the cells of the pivots that are nearest to it, and the bound of y is the best one of its own
cells. Target words are taken in the order of their bounds, with their exact r_S, until no bound of
another one reaches the worst value that is kept.
"""

from __future__ import annotations

import numpy as np
import torch

from .csls import CELLS_AT_ONCE, NEIGHBOURS, largest, mean_similarity, nearest

PIVOTS = 2048
"""Source words whose cells give the bounds."""
CELLS = 8
"""Cells that a word is in."""
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
    lower = _lower_bounds(source, target, neighbours)
    values = np.empty((len(queries), count), dtype=np.float32)
    indices = np.empty((len(queries), count), dtype=np.int64)
    rows = max(1, min(AT_ONCE, CELLS_AT_ONCE // len(target)))
    for start in range(0, len(queries), rows):
        block = queries[start : start + rows]
        found = _Candidates(block, target, lower)
        found.learn(exact, np.flatnonzero(~np.isnan(exact)))
        while len(wanted := found.wanted(exact, count)):
            exact[wanted] = mean_similarity(target[wanted], source, neighbours)
            found.learn(exact, wanted)
        values[start : start + rows], indices[start : start + rows] = found.best(count)
    return values - mean_similarity(queries, target, neighbours)[:, None], indices


def _lower_bounds(source: np.ndarray, target: np.ndarray, neighbours: int) -> np.ndarray:
    """Lower bounds of r_S of all target words: means over pivots or over a cell."""
    pivots = source[np.linspace(0, len(source) - 1, min(PIVOTS, len(source))).astype(np.int64)]
    if len(pivots) < neighbours:
        return np.full(len(target), -1, dtype=np.float32)
    similarities, places = nearest(target, pivots, max(CELLS, neighbours))
    bounds = similarities[:, :neighbours].mean(axis=1)
    of_source = _members(nearest(source, pivots, CELLS)[1], len(pivots))
    for inside, words in zip(of_source, _members(places[:, :CELLS], len(pivots)), strict=True):
        if len(inside) >= neighbours:
            similarity = torch.from_numpy(target[words]) @ torch.from_numpy(source[inside]).T
            mean = similarity.topk(neighbours, dim=1).values.mean(dim=1).numpy()
            bounds[words] = np.maximum(bounds[words], mean)
    return bounds - _SLACK


def _members(cells: np.ndarray, count: int) -> list[np.ndarray]:
    """The words of each cell.

    Args:
        cells: the cells of each word, shape (words, cells of a word).
        count: number of cells.
    """
    order = np.argsort(cells, axis=None, kind="stable")
    ends = np.searchsorted(cells.ravel()[order], np.arange(1, count))
    return np.split(order // cells.shape[1], ends)


class _Candidates:
    """Upper bounds of 2 cos − r_S of all target words for a block of queries.

    Args:
        queries, target: unit rows.
        lower: lower bounds of r_S of all target words.
    """

    def __init__(self, queries: np.ndarray, target: np.ndarray, lower: np.ndarray) -> None:
        self.cosines = torch.from_numpy(queries) @ torch.from_numpy(target).T
        self.bounds = (2 * self.cosines - torch.from_numpy(lower)).numpy()
        self.unfinished, self.depth = np.arange(len(queries)), 1

    def learn(self, exact: np.ndarray, words: np.ndarray) -> None:
        """Replace the bounds of some target words by the exact values.

        Args:
            exact: r_S of all target words, NaN if unknown.
            words: indices of target words whose r_S is known.
        """
        self.bounds[:, words] = 2 * self.cosines[:, words].numpy() - exact[words]

    def wanted(self, exact: np.ndarray, count: int) -> np.ndarray:
        """Target words whose exact r_S is still needed.

        These are unknown ones of a query whose bound is not below the worst of its ``count`` best
        known values: at most ``count`` at first, and twice as many each time, since few calls are
        faster and later ones rarely ask for what is not needed. A query that needs none is
        finished, and not looked at again.

        Args:
            exact: r_S of all target words, NaN if unknown.
            count: number of neighbours.
        """
        bounds = torch.from_numpy(self.bounds[self.unfinished])
        first = largest(bounds, min(self.depth * count, bounds.shape[1]))[1]
        self.depth *= 2
        unknown = np.isnan(exact)[first]
        needed = unknown & (np.cumsum(~unknown, axis=1) < count)
        self.unfinished = self.unfinished[needed.any(axis=1)]
        return np.unique(first[needed])

    def best(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The best values and their indices, all of which are exact by now."""
        return largest(torch.from_numpy(self.bounds), count)
