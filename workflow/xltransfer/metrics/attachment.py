"""Attachment scores of dependency trees."""

from __future__ import annotations

from collections.abc import Sequence

from ..data.conllu import DEPREL, HEAD, Sentence


def universal(relation: str) -> str:
    """The universal part of a relation: ``nsubj:pass`` → ``nsubj``."""
    return relation.partition(":")[0]


def attachment_scores(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, float]:
    """Labelled and unlabelled attachment score in percent.

    As in the CoNLL 2018 shared task (Zeman et al. 2018) on gold words: over all words, punctuation
    included, with relations compared by their universal part.

    Args:
        gold, predicted: the same sentences, word for word.

    Returns:
        ``LAS`` and ``UAS``.
    """
    words = attached = labelled = 0
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        for gold_word, word in zip(gold_sentence.words, sentence.words, strict=True):
            words += 1
            if gold_word[HEAD] == word[HEAD]:
                attached += 1
                labelled += universal(gold_word[DEPREL]) == universal(word[DEPREL])
    return {"LAS": 100 * labelled / words, "UAS": 100 * attached / words}
