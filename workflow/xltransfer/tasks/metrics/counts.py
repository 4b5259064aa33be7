"""Scores as counts per sentence, so that they can be summed, averaged and resampled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """A score that is a ratio of two sums over sentences.

    Accuracy, precision and recall = right / all; F1 = 2 · right / (predicted + gold).

    Attributes:
        numerators, denominators: counts per sentence, shape (sentences,).
    """

    numerators: np.ndarray
    denominators: np.ndarray

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Counts:
        """From a numerator and a denominator for each sentence."""
        table = np.array(list(pairs), dtype=np.int32).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy())

    @property
    def percent(self) -> float:
        """The score in percent; 0 if there is nothing to score."""
        total = int(self.denominators.sum())
        return 100 * int(self.numerators.sum()) / total if total else 0.0


Scores = dict[str, Counts]
"""Counts by metric; the first metric is the main one, which selects models."""
