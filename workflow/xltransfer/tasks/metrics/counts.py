"""Scores as counts per sentence, so that they can be summed, averaged and resampled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Counts:
    """A score that is a ratio of two sums over sentences, or the mean of several such ratios.

    Accuracy, precision and recall = right / all; F1 = 2 · right / (predicted + gold). A macro F1 is
    the mean of the F1 of several groups of labels.

    Attributes:
        numerators, denominators: counts per sentence, shape (groups × sentences,): the counts of
            all sentences for the first group, then for the second one. Most scores have one group.
        groups: number of groups, at least 1.
    """

    numerators: np.ndarray
    denominators: np.ndarray
    groups: int = 1

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Counts:
        """From a numerator and a denominator for each sentence."""
        table = np.array(list(pairs), dtype=np.int32).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy())

    @classmethod
    def of_groups(cls, groups: Sequence[Counts]) -> Counts:
        """The mean of several ratios over the same sentences."""
        return cls(
            np.concatenate([counts.numerators for counts in groups]),
            np.concatenate([counts.denominators for counts in groups]),
            len(groups),
        )

    @property
    def percent(self) -> float:
        """The score in percent; 0 if there is nothing to score."""
        return percent_of(self.numerators, self.denominators, self.groups)


def percent_of(numerators: np.ndarray, denominators: np.ndarray, groups: int = 1) -> float:
    """The score of some counts in percent; arguments as the attributes of ``Counts``.

    A group without anything to score counts as 0.
    """
    tops = numerators.reshape(groups, -1).sum(axis=1).tolist()
    totals = denominators.reshape(groups, -1).sum(axis=1).tolist()
    each = [100 * top / total if total else 0.0 for top, total in zip(tops, totals, strict=True)]
    return sum(each) / groups


Scores = dict[str, Counts]
"""Counts by metric; the first metric is the main one, which selects models."""


def matches(numbers: Sequence[tuple[int, int, int]]) -> Scores:
    """``F1``, ``precision`` and ``recall`` of what is predicted.

    Args:
        numbers: how many are right, predicted and gold in each sentence.
    """
    return {
        "F1": Counts.of((2 * right, found + gold) for right, found, gold in numbers),
        "precision": Counts.of((right, found) for right, found, _ in numbers),
        "recall": Counts.of((right, gold) for right, _, gold in numbers),
    }
