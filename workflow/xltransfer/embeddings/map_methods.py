"""Methods that find a map between two spaces, by the settings of a study."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..runtime.errors import InputError
from .adversarial_mapping import Game, play
from .map_files import MapReport
from .mapping import (
    LEAST_SQUARES,
    MAPS,
    PROCRUSTES,
    Places,
    identical_strings,
    mean_csls_cosine,
    places_of_pairs,
    procrustes,
    refine,
)
from .self_learning import SelfLearning, initial_pairs, self_learn
from .word_vectors import WordVectors

SELF_LEARNING, ADVERSARIAL = "self-learning", "adversarial"
ALL, IDENTICAL_STRINGS = "all", "identical-strings"
TOLERANCE = 0.02
"""How far the criterion of a converged map may be below that of other methods."""
REFERENCE_ITERATIONS = 5

log = logging.getLogger(__name__)

Found = tuple[np.ndarray, MapReport]


def find_map(
    method: Mapping[str, Any],
    source: WordVectors,
    target: WordVectors,
    pairs: Sequence[tuple[str, str]],
    neighbours: int,
) -> Found:
    """Find a map by the settings of a method.

    Args:
        method: ``kind``, one of ``METHODS``, and its settings.
        source, target: normalised vectors, most frequent words first.
        pairs: pairs of the training part of a dictionary; empty if the method uses none.
        neighbours: k of CSLS.

    Raises:
        InputError: no pair has vectors on both sides, or the spaces have different dimensions.
    """
    return METHODS[method["kind"]](method, source, target, pairs, neighbours)


def seed_places(
    choice: str | int,
    source: WordVectors,
    target: WordVectors,
    pairs: Sequence[tuple[str, str]],
) -> Places:
    """The rows of the pairs of a seed dictionary.

    Args:
        choice: ``all`` pairs, the first ones (a number), or ``identical-strings``.
        source, target: vectors of the vocabularies.
        pairs: pairs of the training part of a dictionary, most frequent first.

    Raises:
        InputError: no pair has vectors on both sides.
    """
    if choice == IDENTICAL_STRINGS:
        places, reason = identical_strings(source, target), "no string is in both vocabularies"
    else:
        places = places_of_pairs(pairs, source, target)
        if choice != ALL:
            places = places[0][:choice], places[1][:choice]
        reason = "no pair of the dictionary has vectors on both sides"
    if not len(places[0]):
        raise InputError(f"{reason}; are languages, scripts and letter case those of the vectors?")
    return places


def _from_pairs(method, source, target, pairs, neighbours) -> Found:
    places = seed_places(method["dictionary"], source, target, pairs)
    mapping = MAPS[method["kind"]](source.vectors[places[0]], target.vectors[places[1]])
    return _finished(method, source, target, mapping, neighbours, len(places[0]))


def _learnt(source, target, seed: int, restarts: int, settings: SelfLearning) -> np.ndarray:
    """Of the maps of self-learning with several seeds, the one with the largest criterion."""
    sides, neighbours = (source.vectors, target.vectors), settings.neighbours
    first = initial_pairs(*(side[: settings.vocabulary] for side in sides), neighbours)
    found = [self_learn(*sides, first, seed + number, settings) for number in range(restarts)]
    return max(found, key=lambda mapping: mean_csls_cosine(*sides, mapping, neighbours))


def _by_self_learning(method, source, target, pairs, neighbours) -> Found:
    settings = SelfLearning(vocabulary=method["vocabulary"], neighbours=neighbours)
    mapping = _learnt(source, target, method["seed"], method["restarts"], settings)
    found = _finished(method, source, target, mapping, neighbours, 0)
    return _compared(found, _reference(source, target, [], neighbours))


def _by_game(method, source, target, pairs, neighbours) -> Found:
    seed = method["seed"]
    learnt = _learnt(source, target, seed, 1, SelfLearning(neighbours=neighbours))
    reference = _reference(source, target, [learnt], neighbours)
    places = (np.zeros(0, np.int64),) * 2
    if method["initial"] == IDENTICAL_STRINGS:
        places = seed_places(IDENTICAL_STRINGS, source, target, [])
        initial = procrustes(source.vectors[places[0]], target.vectors[places[1]])
    else:
        initial = learnt if method["initial"] == SELF_LEARNING else np.eye(source.dimensions)
    outcome = play(
        *(source.vectors, target.vectors, initial, seed, method["restarts"]),
        Game(**method["game"]),
        neighbours,
    )
    found = _finished(method, source, target, outcome.mapping, neighbours, len(places[0]))
    return _compared(found, reference)


def _compared(found: Found, reference: float | None) -> Found:
    """A map whose report says whether it reaches the criterion of other methods."""
    mapping, report = found
    if reference is None:
        return found
    converged = report.criterion >= reference - TOLERANCE
    if not converged:
        log.warning(
            "did not converge: mean CSLS cosine %.3f, other methods without a dictionary %.3f",
            *(report.criterion, reference),
        )
    return mapping, MapReport(report.seed_pairs, report.criterion, reference, converged)


def _reference(
    source: WordVectors, target: WordVectors, maps: list[np.ndarray], neighbours: int
) -> float | None:
    """The largest criterion that other methods without a dictionary reach; ``None`` without any.

    Args:
        source, target: normalised vectors.
        maps: maps of other methods. Identical strings with refinement are added if there are as
            many strings as dimensions, because self-learning can fail as well.
        neighbours: k of CSLS.
    """
    sides, maps = (source.vectors, target.vectors), list(maps)
    places = identical_strings(source, target)
    if source.dimensions == target.dimensions and len(places[0]) >= source.dimensions:
        first = procrustes(*(side[rows] for side, rows in zip(sides, places, strict=True)))
        maps.append(refine(*sides, first, REFERENCE_ITERATIONS, neighbours=neighbours))
    found = [mean_csls_cosine(*sides, mapping, neighbours) for mapping in maps]
    return max(found, default=None)


def _finished(method, source, target, mapping, neighbours, seed_pairs) -> Found:
    """The map after refinement, with its criterion."""
    sides, refinement = (source.vectors, target.vectors), method["refinement"]
    if iterations := refinement["iterations"]:
        mapping = refine(*sides, mapping, iterations, refinement["maximum_rank"], neighbours)
    criterion = mean_csls_cosine(*sides, mapping, neighbours)
    return mapping, MapReport(seed_pairs, criterion)


METHODS: dict[str, Callable[..., Found]] = {
    LEAST_SQUARES: _from_pairs,
    PROCRUSTES: _from_pairs,
    SELF_LEARNING: _by_self_learning,
    ADVERSARIAL: _by_game,
}
"""Functions of a method's settings by kind."""
