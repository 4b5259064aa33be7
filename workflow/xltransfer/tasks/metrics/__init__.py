"""Scores of predicted sentences, by kind of task; does not import torch, for a fast start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .answer_scores import answer_scores
from .attachment import attachment_scores
from .classification_scores import classification_scores
from .counts import Counts, Scores
from .entity_scores import entity_scores
from .labels import check_labelled, label_scores
from .pair_scores import check_pairs, relation_scores, role_scores

Metrics = Callable[[Sequence, Sequence, Mapping[str, Any]], Scores]

METRICS: dict[str, Metrics] = {
    "parsing": attachment_scores,
    "tagging": label_scores,
    "entities": entity_scores,
    "question-answering": answer_scores,
    "relations": relation_scores,
    "roles": role_scores,
    "sentence-classification": classification_scores,
}
"""By kind of task: a function of gold sentences, predicted sentences and settings."""


def check_gold(path: Path, sentences: Sequence, settings: Mapping[str, Any]) -> None:
    """Raise an error for a corpus without any annotation of a task.

    Only tagging, relations and roles are checked: trees are checked when treebanks are read, and a
    corpus may have no entities.

    Args:
        path: path of the corpus, for the message.
        sentences: training or test sentences.
        settings: settings of the task.

    Raises:
        InputError: the annotation is missing; names the file and the remedy.
    """
    if settings["kind"] == "tagging":
        check_labelled(path, sentences, settings)
    if settings["kind"] in ("relations", "roles"):
        check_pairs(path, sentences)


__all__ = ["METRICS", "Counts", "Metrics", "Scores", "check_gold"]
