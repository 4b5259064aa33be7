"""Mapping without a dictionary by self-learning (Artetxe, Labaka & Agirre, ACL 2018).

The initial dictionary compares words by the sorted values of their similarities to all words of
their own language, which do not depend on the language if the spaces are isometric. Self-learning
then alternates between an orthogonal map (Procrustes) and a dictionary of nearest neighbours by
CSLS in both directions, in which similarities are dropped at random to escape from local optima.

Differences from the published system: the final map stays orthogonal (no re-weighting of the
dimensions), and ties are in the order of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .csls import CELLS_AT_ONCE, NEIGHBOURS, mean_similarity, nearest_by_csls, unit
from .mapping import Places, check_dimensions, procrustes
from .word_vectors import UNIT, WordVectors

INITIAL_WORDS = 4_000
"""Most frequent words of each language that the initial dictionary compares, as published."""
_LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class SelfLearning:
    """Settings of self-learning; defaults are the published ones.

    Attributes:
        vocabulary: most frequent words of each language that the dictionaries contain.
        keep: probability of keeping a similarity in the first rounds.
        growth: factor of this probability whenever the objective has not improved for ``patience``
            rounds; at 1 it ends after another ``patience`` rounds.
        patience: number of rounds.
        neighbours: k of CSLS.
    """

    vocabulary: int = 20_000
    keep: float = 0.1
    growth: float = 2.0
    patience: int = 50
    neighbours: int = NEIGHBOURS


def initial_pairs(source: np.ndarray, target: np.ndarray, neighbours: int = NEIGHBOURS) -> Places:
    """Pairs of words whose sorted similarities to their own language are alike.

    Args:
        source, target: vectors of the vocabularies, most frequent words first.
        neighbours: k of CSLS.

    Returns:
        Rows of the nearest neighbours in both directions.
    """
    size = min(len(source), len(target), INITIAL_WORDS)
    one, other = _sorted_similarities(source[:size]), _sorted_similarities(target[:size])
    forward = nearest_by_csls(one, one, other, 1, neighbours)[1][:, 0]
    backward = nearest_by_csls(other, other, one, 1, neighbours)[1][:, 0]
    own = np.arange(size)
    return np.concatenate([own, backward]), np.concatenate([forward, own])


def _sorted_similarities(vectors: np.ndarray) -> np.ndarray:
    """The sorted rows of √(X Xᵀ), normalised; shape (words, words)."""
    left, values, _ = np.linalg.svd(vectors.astype(np.float64), full_matrices=False)
    similarities = np.sort((left * values) @ left.T, axis=1)
    words = [str(number) for number in range(len(similarities))]
    return WordVectors(words, similarities).normalised((UNIT, "center", UNIT)).vectors


def self_learn(
    source: np.ndarray,
    target: np.ndarray,
    pairs: Places,
    seed: int,
    settings: SelfLearning = SelfLearning(),
) -> np.ndarray:
    """The orthogonal map that self-learning reaches from a dictionary.

    Args:
        source, target: vectors of the vocabularies, most frequent words first.
        pairs: rows of the initial dictionary, as from ``initial_pairs``; all below
            ``settings.vocabulary``.
        seed: seed of the dropped similarities.
        settings: settings of self-learning.

    Returns:
        float64, shape (dimensions, dimensions).

    Raises:
        InputError: the spaces have different dimensions.
    """
    check_dimensions(source, target)
    source, target = source[: settings.vocabulary], target[: settings.vocabulary]
    draws = torch.Generator().manual_seed(seed)
    candidates = unit(target)
    keep, best, waited = settings.keep, -np.inf, 0
    while True:
        mapping = procrustes(source[pairs[0]], target[pairs[1]])
        mapped = unit(source @ mapping)
        forward, gain = _translations(mapped, candidates, keep, draws, settings.neighbours)
        backward, other = _translations(candidates, mapped, keep, draws, settings.neighbours)
        objective = (gain + other) / 2
        waited += 1
        if objective >= best + _LEAST_GAIN:
            best, waited = objective, 0
        elif waited > settings.patience:
            if keep >= 1:
                return mapping
            keep, waited = min(1.0, keep * settings.growth), 0
        pairs = (
            np.concatenate([np.arange(len(mapped)), backward]),
            np.concatenate([forward, np.arange(len(candidates))]),
        )


def _translations(
    queries: np.ndarray,
    candidates: np.ndarray,
    keep: float,
    draws: torch.Generator,
    neighbours: int,
) -> tuple[np.ndarray, float]:
    """The translation of each query by CSLS with dropped similarities, and the mean cosine.

    The mean is over the largest cosine of each query before dropping.
    """
    # Half of 2 cos − r_S; r_T of a query is the same for all candidates.
    of_candidates = mean_similarity(candidates, queries, neighbours).astype(np.float32) / 2
    minus, columns = -torch.from_numpy(of_candidates), torch.from_numpy(candidates).T
    rows = max(1, CELLS_AT_ONCE // len(candidates))
    found, total = [], 0.0
    for start in range(0, len(queries), rows):
        cosines = torch.from_numpy(queries[start : start + rows]) @ columns
        total += float(cosines.amax(dim=1).sum(dtype=torch.float64))
        scores = cosines.add_(minus)
        if keep < 1:
            scores *= torch.rand(scores.shape, generator=draws) < keep
        found.append(scores.argmax(dim=1).numpy())
    return np.concatenate(found), total / len(queries)
