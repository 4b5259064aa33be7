"""Accuracy of the labels of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...corpora.classified_sentences import ClassifiedSentence
from .counts import Counts, Scores


def classification_scores(
    gold: Sequence[ClassifiedSentence],
    predicted: Sequence[ClassifiedSentence],
    settings: Mapping[str, Any],
) -> Scores:
    """Accuracy over sentences.

    Args:
        gold, predicted: the same sentences with their gold and predicted labels.
        settings: settings of the task; unused.

    Returns:
        ``accuracy``, the share of sentences whose gold label is predicted.
    """
    pairs = zip(gold, predicted, strict=True)
    return {"accuracy": Counts.of((int(one.label == other.label), 1) for one, other in pairs)}
