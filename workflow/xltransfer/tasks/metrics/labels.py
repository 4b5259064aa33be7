"""Scores of a label per word, and where in CoNLL-U the label is.

``_`` means two things there. In a column (UPOS, XPOS) it marks a word that was not annotated: there
is nothing to learn from it and nothing to compare a prediction with, so such words are neither
trained on nor scored. As the value of one feature it is an answer: the word does not have the
feature. Models learn to predict it, but only values are scored, because most words have none and a
model that predicts none would seem to be good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...corpora.conllu import FEATS, UPOS, XPOS, Sentence
from ...runtime.errors import InputError
from .counts import Counts, Scores

COLUMNS = {"UPOS": UPOS, "XPOS": XPOS}
NO_VALUE = "_"
"""Label of a word that was not annotated, or that has no value of a feature."""


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


def label_scores(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], settings: Mapping[str, Any]
) -> Scores:
    """Scores over the words that have a value of the label, punctuation included.

    Args:
        gold, predicted: the same sentences, word for word.
        settings: of the task; ``label`` says which label.

    Returns:
        ``accuracy``, the share of the words with a value in gold whose value is predicted. For a
        feature, ``F1`` = 2 · right / (predicted + gold) comes first, and ``precision``, over the
        words for which a value is predicted, last; their recall is ``accuracy``.
    """
    label = settings["label"]
    counts = []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        expected, found = word_labels(gold_sentence, label), word_labels(sentence, label)
        right = sum(e == f != NO_VALUE for e, f in zip(expected, found, strict=True))
        counts.append((right, _values(found), _values(expected)))
    accuracy = Counts.of((right, gold) for right, _, gold in counts)
    if label in COLUMNS:
        return {"accuracy": accuracy}
    return {
        "F1": Counts.of((2 * right, found + gold) for right, found, gold in counts),
        "accuracy": accuracy,
        "precision": Counts.of((right, found) for right, found, _ in counts),
    }


def _values(labels: Sequence[str]) -> int:
    return len(labels) - labels.count(NO_VALUE)


def check_labelled(path: Path, sentences: Sequence[Sentence], settings: Mapping[str, Any]) -> None:
    """Refuse a corpus that has no value of the label at any word, as many have no XPOS.

    A model would learn to predict nothing there, and be right at every word.

    Args:
        path: the corpus, for the message.
        sentences: those that are trained on or scored.
        settings: of the task; ``label`` says which label.

    Raises:
        InputError: names the file and the label.
    """
    label = settings["label"]
    if not any(_values(word_labels(sentence, label)) for sentence in sentences):
        raise InputError(
            f"{path}: no word has a value of {label}; choose another `label` or another corpus"
        )
