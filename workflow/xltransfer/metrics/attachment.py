"""Attachment scores of dependency trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

from ..data.conllu import DEPREL, HEAD, Sentence
from .counts import Counts, Scores


def universal(relation: str) -> str:
    """The universal part of a relation: ``nsubj:pass`` → ``nsubj``."""
    return relation.partition(":")[0]


def attachment_scores(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], settings: Mapping[str, Any]
) -> Scores:
    """Labelled and unlabelled attachment score.

    As in the CoNLL 2018 shared task (Zeman et al. 2018) on gold words: over all words, punctuation
    included, with relations compared by their universal part.

    Args:
        gold, predicted: the same sentences, word for word.
        settings: of the task; none matters.

    Returns:
        ``LAS`` and ``UAS``.
    """
    labelled, unlabelled = [], []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        gold_heads, gold_relations = gold_sentence.columns(HEAD, DEPREL)
        heads, relations = sentence.columns(HEAD, DEPREL)
        attached = list(map(str.__eq__, gold_heads, heads))
        right = sum(
            gold_relation == relation or universal(gold_relation) == universal(relation)
            for gold_relation, relation in compress(
                zip(gold_relations, relations, strict=True), attached
            )
        )
        labelled.append((right, len(gold_heads)))
        unlabelled.append((sum(attached), len(gold_heads)))
    return {"LAS": Counts.of(labelled), "UAS": Counts.of(unlabelled)}
