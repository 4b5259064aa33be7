"""Scores of predicted sentences, by task; free of torch, so that scoring starts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..data.conllu import Sentence
from .attachment import attachment_scores

Metrics = Callable[[Sequence[Sentence], Sequence[Sentence]], dict[str, float]]

METRICS: dict[str, Metrics] = {"parsing": attachment_scores}
"""For each task a function of gold and predicted sentences; its first score selects models and is
the one that tables show."""

MAIN_METRIC = {"parsing": "LAS"}
"""The first score of each task."""
