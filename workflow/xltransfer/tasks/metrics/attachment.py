"""Attachment scores of dependency trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...corpora.conllu import DEPREL, HEAD, Sentence
from .counts import Counts, Scores


def universal(relation: str) -> str:
    """The universal part of a relation: ``nsubj:pass`` → ``nsubj``."""
    return relation.partition(":")[0]


def attachment_scores(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], settings: Mapping[str, Any]
) -> Scores:
    """Labelled and unlabelled attachment score.

    As in the CoNLL 2018 shared task (Zeman et al. 2018) on gold words: all words count, including
    punctuation, and relations are compared by their universal part.

    Args:
        gold, predicted: sentences with the same words.
        settings: settings of the task; unused.

    Returns:
        ``LAS`` and ``UAS``.
    """
    labelled, unlabelled = [], []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        attached = right = 0
        words = list(zip(*gold_sentence.columns(HEAD, DEPREL), strict=True))
        for (gold_head, gold_relation), head, relation in zip(
            words, *sentence.columns(HEAD, DEPREL), strict=True
        ):
            if gold_head == head:
                attached += 1
                right += gold_relation == relation or (
                    universal(gold_relation) == universal(relation)
                )
        labelled.append((right, len(words)))
        unlabelled.append((attached, len(words)))
    return {"LAS": Counts.of(labelled), "UAS": Counts.of(unlabelled)}
