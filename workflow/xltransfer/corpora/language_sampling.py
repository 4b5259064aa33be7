"""Sampling of languages for multilingual encoders (Lample & Conneau 2019, equation 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def sampling_probabilities(sizes: Sequence[int], exponent: float) -> np.ndarray:
    """q_i = p_i^α / Σ_k p_k^α with p_i = n_i / Σ_k n_k.

    Args:
        sizes: number of sentences n_i of each language, more than 0.
        exponent: exponent α; 1 samples sentences uniformly, 0 languages; values between upsample
            small languages.

    Returns:
        Shape (languages,), sums to 1.
    """
    shares = np.asarray(sizes, dtype=np.float64) / np.sum(sizes)
    powers = shares**exponent
    return powers / powers.sum()


def apportion(probabilities: np.ndarray, total: int) -> np.ndarray:
    """Positive integers in proportion to probabilities, by the largest-remainder method.

    Args:
        probabilities: probabilities of shape (languages,), which sum to 1.
        total: sum of the integers, at least the number of languages.
    """
    exact = probabilities * total
    counts = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(counts - exact, kind="stable")
    counts[by_remainder[: total - counts.sum()]] += 1
    # Counts are the same in every epoch, so a language with count 0 would never be used.
    for language in np.flatnonzero(counts == 0):
        counts[counts.argmax()] -= 1
        counts[language] = 1
    return counts


@dataclass(frozen=True)
class SampledLines:
    """Sampled lines of several languages, as a stream that can be iterated repeatedly.

    The frequencies of two lines of a language differ by at most one.

    Attributes:
        texts: lines of each language; can be iterated repeatedly.
        sizes: number of lines of each language.
        counts: number of lines to sample of each language; lines repeat if there are fewer.
        seed: seed of the choice of lines that occur once more.
    """

    texts: Sequence[Iterable[str]]
    sizes: Sequence[int]
    counts: Sequence[int]
    seed: int

    def __iter__(self) -> Iterator[str]:
        """Language by language, in the order of the text."""
        for language, (lines, size, count) in enumerate(
            zip(self.texts, self.sizes, self.counts, strict=True)
        ):
            whole, rest = divmod(count, size)
            times = np.full(size, whole)
            draws = np.random.default_rng([self.seed, language])
            times[draws.permutation(size)[:rest]] += 1
            for line, repetitions in zip(lines, times, strict=True):
                yield from repeat(line, repetitions)


def stretch(rounds: Callable[[int], Sequence[T]], size: int, first: int, count: int) -> list[T]:
    """Consecutive elements of the concatenation of all rounds.

    Every element of a round is used once before any is repeated, independent of the order of rounds
    and the start of an epoch.

    Args:
        rounds: function from the number of a round, from 0, to its elements.
        size: number of elements per round.
        first: index of the first element, from 0.
        count: number of elements.
    """
    taken: list[T] = []
    while len(taken) < count:
        number, start = divmod(first + len(taken), size)
        taken.extend(rounds(number)[start : start + count - len(taken)])
    return taken
