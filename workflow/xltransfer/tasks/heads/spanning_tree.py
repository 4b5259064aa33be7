"""Decoding: the best dependency tree with a single root."""

from __future__ import annotations

import numpy as np


def decode_trees(scores: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The highest-scoring tree with one root for each sentence of a batch.

    If the best heads of all words form a tree, it is the best tree. This holds for most sentences
    and is checked for the whole batch at once; Chu-Liu-Edmonds decodes the others.

    Args:
        scores: ``scores[s, d, h]`` scores word ``d + 1`` of sentence ``s`` having head ``h``, where
            0 is the root; shape (sentences, words, words + 1).
        lengths: number of words of each sentence; shape (sentences,).

    Returns:
        Heads, shape (sentences, words); 0 beyond the end of a sentence.
    """
    inside = np.arange(scores.shape[1])[None, :] < lengths[:, None]
    heads = np.where(inside, scores.argmax(axis=2), 0)
    for index in np.flatnonzero(~_are_trees(heads, inside)):
        length = lengths[index]
        heads[index, :length] = best_tree(scores[index, :length, : length + 1])
    return heads


def best_tree(scores: np.ndarray) -> np.ndarray:
    """The highest-scoring tree with exactly one root (Chu & Liu 1965; Edmonds 1967).

    Arcs whose score is not finite are used only if there is no tree without them. Of equal scores,
    the first head is preferred.

    Args:
        scores: ``scores[d, h]`` scores word ``d + 1`` having head ``h``; shape (words, words + 1).

    Returns:
        The head of each word; shape (words,).
    """
    words = len(scores)
    matrix = scores.astype(np.float64)
    loops = matrix.reshape(-1)[1 :: words + 2]
    loops[:] = 0
    if not np.isfinite(matrix.sum()):
        _forbid(matrix)
    spread = float(matrix.max() - matrix.min())
    loops[:] = -np.inf
    best = matrix.argmax(axis=1)
    # A word whose best head is the root has it in the best tree with any number of roots.
    if np.count_nonzero(best) > words - 2:
        heads = _best_arborescence(matrix, best)
        if heads.count(0) == 1:
            return np.array(heads)
    # The penalty of a second root exceeds any possible gain, so the best tree has one root.
    matrix[:, 0] -= (spread + 1) * (words + 1)
    return np.array(_best_arborescence(matrix, matrix.argmax(axis=1)))


def _forbid(matrix: np.ndarray) -> None:
    """Give arcs whose score is not finite one that makes any tree without them better."""
    allowed = np.isfinite(matrix)
    finite = matrix[allowed] if allowed.any() else np.zeros(1)
    matrix[~allowed] = finite.min() - (np.ptp(finite) + 1) * len(matrix)


def _best_arborescence(matrix: np.ndarray, best: np.ndarray) -> list[int]:
    """The best tree with any number of roots.

    A cycle of best heads is contracted to a component. The arcs into it come from all heads outside
    it; their score is what they add to that of the cycle's own arc into the same word. Heads are
    never merged, so a contraction computes one row (Tarjan 1977; Camerini et al. 1979).

    Args:
        matrix: float64 scores as for ``best_tree``; finite except for loops, which are −inf.
        best: the best head of each word.

    Returns:
        The head of each word.
    """
    words = len(matrix)
    rows, heads = list(matrix), best.tolist()
    # Words and, after them, components: the cycle of each, and the words in it as heads.
    cycles: list[list[int]] = [[] for _ in range(words)]
    inside = [[word] for word in range(1, words + 1)]
    component = list(range(-1, words))
    """The outermost component of each head; -1 for the root."""
    reached = {-1}
    for first in range(words):
        path, node = [], component[first + 1]
        while node not in reached:
            if node not in path:
                path.append(node)
                node = component[heads[node]]
                continue
            start = path.index(node)
            cycle = path[start:]
            del path[start:]
            node = len(rows)
            within = [word for part in cycle for word in inside[part]]
            for word in within:
                component[word] = node
            row = _contracted(rows, heads, cycle)
            row[within] = -np.inf
            rows.append(row)
            heads.append(int(row.argmax()))
            cycles.append(cycle)
            inside.append(within)
        reached.update(path)
    return _expanded(rows, heads, cycles)[:words]


def _contracted(rows: list[np.ndarray], heads: list[int], cycle: list[int]) -> np.ndarray:
    """The row of a component: the most that an arc from each head adds to an arc of the cycle."""
    row = rows[cycle[0]] - rows[cycle[0]][heads[cycle[0]]]
    for part in cycle[1:]:
        np.maximum(row, rows[part] - rows[part][heads[part]], out=row)
    return row


def _expanded(rows: list[np.ndarray], heads: list[int], cycles: list[list[int]]) -> list[int]:
    """The heads when each component's own arc replaces the arc of its cycle into the same word."""
    chosen = list(heads)
    # A component comes after its parts.
    for node in range(len(cycles) - 1, -1, -1):
        if cycle := cycles[node]:
            head = chosen[node]
            entered = max(cycle, key=lambda part: rows[part][head] - rows[part][heads[part]])
            chosen[entered] = head
    return chosen


def _are_trees(heads: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Whether the heads of each sentence form a tree with one root; shape (sentences,)."""
    sentences, words = heads.shape
    # Words of the whole batch in one row; each sentence begins with its root.
    roots = np.arange(sentences)[:, None] * (words + 1)
    ancestors = np.broadcast_to(roots, (sentences, words + 1)).copy()
    ancestors[:, 1:] += heads
    flat = ancestors.reshape(-1)
    # After k rounds an entry is the 2^k-th ancestor, so in a tree all entries become the root.
    for _ in range(max(1, int(words).bit_length())):
        flat = flat[flat]
    one_root = ((heads == 0) & inside).sum(axis=1) == 1
    return one_root & (flat.reshape(ancestors.shape) == roots).all(axis=1)
