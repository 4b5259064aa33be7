"""Attachment scores of dependency trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        attached = right = 0
        for gold_word, word in zip(gold_sentence.words, sentence.words, strict=True):
            if gold_word[HEAD] == word[HEAD]:
                attached += 1
                right += universal(gold_word[DEPREL]) == universal(word[DEPREL])
        words = len(gold_sentence.words)
        labelled.append((right, words))
        unlabelled.append((attached, words))
    return {"LAS": Counts.of(labelled), "UAS": Counts.of(unlabelled)}
