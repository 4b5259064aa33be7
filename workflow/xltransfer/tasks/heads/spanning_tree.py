"""Decoding: the best dependency tree with a single root."""

from __future__ import annotations

import numpy as np
from ufal.chu_liu_edmonds import chu_liu_edmonds


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

    Args:
        scores: ``scores[d, h]`` scores word ``d + 1`` having head ``h``; shape (words, words + 1).

    Returns:
        The head of each word; shape (words,).
    """
    words = len(scores)
    matrix = np.full((words + 1, words + 1), np.nan)
    matrix[1:] = scores
    finite = matrix[1:][np.isfinite(matrix[1:])]
    # The penalty of a second root exceeds any possible gain, so the best tree has one root.
    matrix[1:, 0] -= (finite.max() - finite.min() + 1) * (words + 1)
    matrix[~np.isfinite(matrix)] = np.nan
    heads, _ = chu_liu_edmonds(matrix)
    return np.array(heads[1:])


def _are_trees(heads: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Whether the heads of each sentence form a tree with one root; shape (sentences,)."""
    sentences, words = heads.shape
    ancestors = np.zeros((sentences, words + 1), dtype=np.int64)
    ancestors[:, 1:] = heads
    # After k rounds an entry is the 2^k-th ancestor, so in a tree all entries become the root.
    for _ in range(max(1, int(words).bit_length())):
        ancestors = np.take_along_axis(ancestors, ancestors, axis=1)
    one_root = ((heads == 0) & inside).sum(axis=1) == 1
    return one_root & (ancestors == 0).all(axis=1)
