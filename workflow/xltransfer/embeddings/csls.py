"""Nearest neighbours by cosine and by CSLS, exactly and in blocks.

Cross-domain similarity local scaling (Conneau, Lample, Ranzato, Denoyer & Jégou, ICLR 2018) is

    CSLS(x, y) = 2 cos(x, y) − r_T(x) − r_S(y),

where r_T(x) is the mean cosine of x with its k nearest target words, and r_S(y) that of y with its
k nearest mapped source words. It makes hubs, which are near to many words, less similar.

All functions expect rows of length 1. No matrix of all similarities is ever in memory: a block of
queries is compared with all candidates at once.
"""

from __future__ import annotations

import numpy as np
import torch

NEIGHBOURS = 10
"""k of the publication."""
CELLS_AT_ONCE = 1 << 26
"""Similarities per block: 256 MiB."""
_GROUP = 128
"""Candidates per group of the search for the largest similarities."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, as float32; rows of zeros stay."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def nearest(
    queries: np.ndarray, candidates: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest candidates of each query by cosine.

    Args:
        queries, candidates: unit rows, shape (queries, dimensions) and (candidates, dimensions).
        count: number of neighbours; all candidates if there are fewer.

    Returns:
        Cosines and indices, best first, shape (queries, count); equal ones as in ``largest``.
    """
    return _search(queries, candidates, np.zeros(len(candidates), np.float32), count, 1.0)


def mean_similarity(
    queries: np.ndarray, candidates: np.ndarray, neighbours: int = NEIGHBOURS
) -> np.ndarray:
    """Mean cosine of each query with its nearest candidates, r of CSLS; shape (queries,).

    Args:
        queries, candidates: unit rows.
        neighbours: number of nearest candidates, k; fewer if there are fewer candidates.
    """
    return nearest(queries, candidates, neighbours)[0].mean(axis=1, dtype=np.float64)


def nearest_by_csls(
    queries: np.ndarray,
    source: np.ndarray,
    target: np.ndarray,
    count: int,
    neighbours: int = NEIGHBOURS,
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest target words of mapped source words by CSLS.

    Args:
        queries: unit rows of mapped source words, shape (queries, dimensions).
        source: unit rows of the whole mapped source vocabulary, for r_S.
        target: unit rows of the whole target vocabulary.
        count: number of neighbours.
        neighbours: k of CSLS.

    Returns:
        CSLS and indices, best first, shape (queries, count); equal values as in ``nearest``.
    """
    of_target = mean_similarity(target, source, neighbours).astype(np.float32)
    scores, indices = _search(queries, target, of_target, count, 2.0)
    # r_T of a query is the same for all candidates.
    return scores - mean_similarity(queries, target, neighbours)[:, None], indices


def _search(
    queries: np.ndarray, candidates: np.ndarray, penalty: np.ndarray, count: int, factor: float
) -> tuple[np.ndarray, np.ndarray]:
    """The largest ``factor`` × cosine − ``penalty``, and their indices."""
    count = min(count, len(candidates))
    columns = torch.from_numpy(np.ascontiguousarray(candidates)).T
    minus = -torch.from_numpy(np.ascontiguousarray(penalty))
    rows = max(1, min(len(queries), CELLS_AT_ONCE // len(candidates)))
    # One block of memory for all: new ones of this size cost more than filling them.
    memory = torch.empty((rows, len(candidates)))
    values = np.empty((len(queries), count), dtype=np.float32)
    indices = np.empty((len(queries), count), dtype=np.int64)
    for start in range(0, len(queries), rows):
        block = torch.from_numpy(np.ascontiguousarray(queries[start : start + rows]))
        scores = torch.addmm(minus, block, columns, alpha=factor, out=memory[: len(block)])
        found = largest(scores, count)
        values[start : start + rows], indices[start : start + rows] = found
    return values, indices


def largest(scores: torch.Tensor, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest values of each row and their columns, best first; equal ones by column.

    The largest values are in the groups of columns with the largest maxima, so only these are
    searched, which is faster than a search over all columns. Which of several values that equal the
    last one are among them is not specified, but the same in each run.

    Args:
        scores: shape (rows, columns).
        count: number of values, at most the number of columns.
    """
    rows, columns = scores.shape
    groups = columns // _GROUP
    if groups <= 2 * count:
        values, places = scores.topk(count, dim=1)
    else:
        inside = scores[:, : groups * _GROUP].unflatten(1, (groups, _GROUP))
        best = inside.amax(dim=2).topk(count, dim=1).indices
        taken = inside.gather(1, best[:, :, None].expand(-1, -1, _GROUP)).flatten(1)
        members = (best[:, :, None] * _GROUP + torch.arange(_GROUP)).flatten(1)
        rest = torch.arange(groups * _GROUP, columns).expand(rows, -1)
        taken = torch.cat([taken, scores[:, groups * _GROUP :]], dim=1)
        values, order = taken.topk(count, dim=1)
        places = torch.cat([members, rest], dim=1).gather(1, order)
    found, indices = values.numpy(), places.numpy()
    order = np.lexsort((indices, -found), axis=1)
    return np.take_along_axis(found, order, 1), np.take_along_axis(indices, order, 1)
