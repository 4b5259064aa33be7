"""F1 of the labels of pairs: relations and roles, as their corpora define it.

Corpora define their main score in one of three ways (``metric`` of ``relation_corpora.tsv``):

``micro``: F1 over all pairs, without the null class, as in Subburathinam et al. (EMNLP 2019) and
for semantic roles.

``labels``: mean F1 over the labels that the gold file has; a pair may have several gold labels and
one is predicted, as in CrossRE (Bassignana & Plank, Findings of EMNLP 2022).

``undirected``: mean over relations of the F1 that counts both directions of a relation together,
where the direction must be right: labels that differ in a final ``(e1,e2)`` or ``(e2,e1)`` are one
relation. The official score of SemEval-2010 task 8 (9 relations, without ``Other``), and that of
RELX (18 relations; Köksal & Özgür, Findings of EMNLP 2020).

The relations or labels of a mean are those with a gold instance in the file; so the complete test
files of SemEval and RELX give the official numbers of 9 and 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...corpora.relation_sentences import NO_LABEL, RelationSentence
from ...runtime.errors import InputError
from .counts import Counts, Scores, matches

MICRO, LABELS, UNDIRECTED = "micro", "labels", "undirected"
_DIRECTION = re.compile(r"\((e1,e2|e2,e1)\)$")
Right = list[tuple[set[str], str]]
"""Gold labels and predicted label of each pair of a sentence, without the null class (empty)."""


def relation_scores(
    gold: Sequence[RelationSentence],
    predicted: Sequence[RelationSentence],
    settings: Mapping[str, Any],
) -> Scores:
    """Scores of relations.

    Args:
        gold, predicted: sentences with the same pairs; a predicted pair has one label.
        settings: settings of the task with ``metric``, the definition of ``F1``; micro if absent.

    Returns:
        ``F1`` as the corpus defines it; ``micro_F1``, its ``precision`` and ``recall``.

    Raises:
        InputError: the pairs of a sentence differ.
    """
    pairs = _pairs(gold, predicted)
    micro = _micro(pairs)
    main = _MAIN[settings.get("metric", MICRO)](pairs)
    return {"F1": main, "micro_F1": micro.pop("F1"), **micro}


def role_scores(
    gold: Sequence[RelationSentence],
    predicted: Sequence[RelationSentence],
    settings: Mapping[str, Any],
) -> Scores:
    """Scores of the arguments of given predicates.

    Args, Raises: as for ``relation_scores``.

    Returns:
        ``F1`` of classification: an argument is right if its role is; ``identification_F1``: if it
        is an argument in both; ``precision`` and ``recall`` of classification.
    """
    pairs = _pairs(gold, predicted)
    found = [[({"argument"} if g else set(), "argument" * bool(p)) for g, p in s] for s in pairs]
    micro = _micro(pairs)
    return {
        "F1": _MAIN[settings.get("metric", MICRO)](pairs),
        "identification_F1": _micro(found)["F1"],
        "precision": micro["precision"],
        "recall": micro["recall"],
    }


def check_pairs(path: Path, sentences: Sequence[RelationSentence]) -> None:
    """Raise an error for a corpus without any pair.

    Raises:
        InputError: there is nothing to train on or to score; names the file.
    """
    if not any(sentence.pairs for sentence in sentences):
        raise InputError(f"{path}: no sentence has a pair of mentions; choose another corpus")


def undirected(label: str) -> str:
    """The relation of a directed label: ``Cause-Effect(e2,e1)`` → ``Cause-Effect``."""
    return _DIRECTION.sub("", label)


def _pairs(gold: Sequence[RelationSentence], predicted: Sequence[RelationSentence]) -> list[Right]:
    found = []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        expected, labels = gold_sentence.gold_labels(), sentence.gold_labels()
        if list(expected) != list(labels) or any(len(given) > 1 for given in labels.values()):
            raise InputError(
                f"scores: sentence {gold_sentence.name}: not one predicted label for each pair of "
                "the gold file; predict it again"
            )
        found.append([(_without(expected[p]), "".join(_without(labels[p]))) for p in expected])
    return found


def _without(labels: Sequence[str]) -> set[str]:
    """Labels without the null class."""
    return set(labels) - {NO_LABEL}


def _micro(sentences: Sequence[Right]) -> Scores:
    """Precision, recall and F1 over all pairs, without the null class."""
    counts = []
    for pairs in sentences:
        right = sum(label in gold for gold, label in pairs)
        counts.append((right, sum(bool(p) for _, p in pairs), sum(len(g) for g, _ in pairs)))
    return matches(counts)


def _macro(sentences: Sequence[Right], group: Callable[[str], str]) -> Counts:
    """Mean F1 over the groups of labels that have a gold instance."""
    names = sorted({group(label) for pairs in sentences for gold, _ in pairs for label in gold})
    places = {name: place for place, name in enumerate(names)}
    shape = (len(names), len(sentences))
    right, found, expected = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    for sentence, pairs in enumerate(sentences):
        for gold, label in pairs:
            for name in gold:
                expected[places[group(name)], sentence] += 1
            place = places.get(group(label)) if label else None
            if place is not None:
                found[place, sentence] += 1
                right[place, sentence] += label in gold
    return Counts.of_groups(
        [Counts(2 * right[place], found[place] + expected[place]) for place in range(len(names))]
        or [Counts.of([(0, 0)] * len(sentences))]
    )


_MAIN: dict[str, Callable[[Sequence[Right]], Counts]] = {
    MICRO: lambda pairs: _micro(pairs)["F1"],
    LABELS: lambda pairs: _macro(pairs, str),
    UNDIRECTED: lambda pairs: _macro(pairs, undirected),
}
"""Main scores by their definition."""
