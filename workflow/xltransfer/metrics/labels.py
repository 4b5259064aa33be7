"""Accuracy of a label per word, and where in CoNLL-U the label stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.conllu import FEATS, UPOS, XPOS, Sentence
from .counts import Counts, Scores

COLUMNS = {"UPOS": UPOS, "XPOS": XPOS}
NO_VALUE = "_"
"""Label of a word that has no value of a feature."""


def word_labels(sentence: Sentence, label: str) -> list[str]:
    """The label of each word.

    Args:
        sentence: of a treebank.
        label: ``UPOS``, ``XPOS``, or ``FEATS/<feature>`` for the values of one feature.
    """
    if label in COLUMNS:
        return sentence.column(COLUMNS[label])
    prefix = f"{label.partition('/')[2]}="
    found = []
    for features in sentence.column(FEATS):
        values = (f for f in features.split("|") if f.startswith(prefix))
        found.append(next(values, NO_VALUE).removeprefix(prefix))
    return found


def with_word_labels(sentence: Sentence, label: str, values: Sequence[str]) -> Sentence:
    """The sentence with other labels."""
    if label in COLUMNS:
        return sentence.with_columns({COLUMNS[label]: values})
    prefix = f"{label.partition('/')[2]}="
    columns = []
    for features, value in zip(sentence.column(FEATS), values, strict=True):
        kept = [f for f in features.split("|") if f != "_" and not f.startswith(prefix)]
        if value != NO_VALUE:
            kept.append(prefix + value)
        # The order that the format asks for: by name, without regard to case.
        columns.append("|".join(sorted(kept, key=str.lower)) or "_")
    return sentence.with_columns({FEATS: columns})


def label_accuracy(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], settings: Mapping[str, Any]
) -> Scores:
    """Share of words with the right label, punctuation included.

    Args:
        gold, predicted: the same sentences, word for word.
        settings: of the task; ``label`` says which label.

    Returns:
        ``accuracy``.
    """
    label = settings["label"]
    pairs = []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        expected, found = word_labels(gold_sentence, label), word_labels(sentence, label)
        right = sum(map(str.__eq__, expected, found))
        pairs.append((right, len(expected)))
    return {"accuracy": Counts.of(pairs)}
