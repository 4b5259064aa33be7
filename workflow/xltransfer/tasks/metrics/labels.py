"""Word labels in CoNLL-U, and their scores.

``_`` has two meanings in CoNLL-U. In a column (UPOS, XPOS) it marks an unannotated word, which is
neither trained on nor scored. As the value of one feature it is a label: the word does not have the
feature. Models learn to predict it, but only values are scored: most words have none, so a model
that always predicts ``_`` would score high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...corpora.conllu import FEATS, UPOS, XPOS, Sentence
from ...runtime.errors import InputError
from .counts import Scores, matches

COLUMNS = {"UPOS": UPOS, "XPOS": XPOS}
NO_VALUE = "_"
"""Label of an unannotated word, or of a word without the feature."""


def word_labels(sentence: Sentence, label: str) -> list[str]:
    """The label of each word.

    Args:
        sentence: sentence of a treebank.
        label: column ``UPOS``, ``XPOS``, or ``FEATS/<feature>`` for the values of one feature.
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
    """A copy of the sentence with other labels."""
    if label in COLUMNS:
        return sentence.with_columns({COLUMNS[label]: values})
    prefix = f"{label.partition('/')[2]}="
    columns = []
    for features, value in zip(sentence.column(FEATS), values, strict=True):
        kept = [f for f in features.split("|") if f != "_" and not f.startswith(prefix)]
        if value != NO_VALUE:
            kept.append(prefix + value)
        # CoNLL-U requires features sorted by name, ignoring case.
        columns.append("|".join(sorted(kept, key=str.lower)) or "_")
    return sentence.with_columns({FEATS: columns})


def label_scores(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], settings: Mapping[str, Any]
) -> Scores:
    """Scores over the words that have a value of the label, including punctuation.

    Args:
        gold, predicted: sentences with the same words.
        settings: settings of the task with ``label``.

    Returns:
        ``accuracy``, the share of words with a gold value for which it is predicted. For a feature,
        ``F1`` = 2 · right / (predicted + gold) precedes it, and ``precision``, over the words with
        a predicted value, follows; ``accuracy`` is then the recall.
    """
    label = settings["label"]
    counts = []
    for gold_sentence, sentence in zip(gold, predicted, strict=True):
        expected, found = word_labels(gold_sentence, label), word_labels(sentence, label)
        right = sum(e == f != NO_VALUE for e, f in zip(expected, found, strict=True))
        counts.append((right, _values(found), _values(expected)))
    found = matches(counts)
    if label in COLUMNS:
        return {"accuracy": found["recall"]}
    return {"F1": found["F1"], "accuracy": found["recall"], "precision": found["precision"]}


def _values(labels: Sequence[str]) -> int:
    return len(labels) - labels.count(NO_VALUE)


def check_labelled(path: Path, sentences: Sequence[Sentence], settings: Mapping[str, Any]) -> None:
    """Raise an error for a corpus without any value of the label; many have no XPOS.

    A model would learn to predict ``_`` everywhere and always be right.

    Args:
        path: path of the corpus, for the message.
        sentences: training or test sentences.
        settings: settings of the task with ``label``.

    Raises:
        InputError: no word has a label; names the file and the label.
    """
    label = settings["label"]
    if not any(_values(word_labels(sentence, label)) for sentence in sentences):
        raise InputError(
            f"{path}: no word has a value of {label}; choose another `label` or another corpus"
        )
