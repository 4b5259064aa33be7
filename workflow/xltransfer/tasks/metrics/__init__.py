"""Scores of predicted sentences, by kind of task; free of torch, so that scoring starts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .attachment import attachment_scores
from .counts import Counts, Scores
from .entities import entity_scores
from .labels import check_labelled, label_scores

Metrics = Callable[[Sequence, Sequence, Mapping[str, Any]], Scores]

METRICS: dict[str, Metrics] = {
    "parsing": attachment_scores,
    "tagging": label_scores,
    "entities": entity_scores,
}
"""For each kind of task a function of gold sentences, predicted sentences and settings."""


def check_gold(path: Path, sentences: Sequence, settings: Mapping[str, Any]) -> None:
    """Refuse a corpus that lacks the annotation of a task altogether.

    Trees are checked where treebanks are read, and a corpus without entities is possible: of these
    nothing is asked.

    Args:
        path: the corpus, for the message.
        sentences: those that are trained on or scored.
        settings: of the task.

    Raises:
        InputError: names the file, what it lacks and the remedy.
    """
    if settings["kind"] == "tagging":
        check_labelled(path, sentences, settings)


__all__ = ["METRICS", "Counts", "Metrics", "Scores", "check_gold"]
