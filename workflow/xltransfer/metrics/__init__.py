"""Scores of predicted sentences, by kind of task; free of torch, so that scoring starts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .attachment import attachment_scores
from .counts import Counts, Scores
from .entities import entity_scores
from .labels import label_accuracy

Metrics = Callable[[Sequence, Sequence, Mapping[str, Any]], Scores]

METRICS: dict[str, Metrics] = {
    "parsing": attachment_scores,
    "tagging": label_accuracy,
    "entities": entity_scores,
}
"""For each kind of task a function of gold sentences, predicted sentences and settings."""

__all__ = ["METRICS", "Counts", "Metrics", "Scores"]
