"""How much of each language a multilingual encoder sees (Lample & Conneau 2019, equation 1)."""

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
        sizes: n_i, the sentences of each language, more than 0.
        exponent: α; at 1 every sentence is as likely, at 0 every language, and between them small
            languages gain at the cost of large ones.

    Returns:
        Shape (languages,), sums to 1.
    """
    shares = np.asarray(sizes, dtype=np.float64) / np.sum(sizes)
    powers = shares**exponent
    return powers / powers.sum()


def apportion(probabilities: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to probabilities, by largest remainders, none of them 0.

    Args:
        probabilities: shape (languages,), sum to 1.
        total: what the numbers sum to; at least as many as there are languages.
    """
    exact = probabilities * total
    counts = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(counts - exact, kind="stable")
    counts[by_remainder[: total - counts.sum()]] += 1
    # Counts are the same in every epoch: a language that gets nothing in one never gets anything.
    for language in np.flatnonzero(counts == 0):
        counts[counts.argmax()] -= 1
        counts[language] = 1
    return counts


@dataclass(frozen=True)
class SampledLines:
    """Lines of several languages, a stream that can be walked through any number of times.

    A line comes as often as any other of its language, but for one time.

    Attributes:
        texts: the lines of each language; can be walked through any number of times.
        sizes: how many these are.
        counts: how many to take of each; where that is more than there are, lines repeat.
        seed: decides which lines come once more than others.
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
    """Some consecutive elements of rounds that are laid end to end.

    So every element of a round is taken once before any is taken again, however the rounds are
    ordered and wherever an epoch begins.

    Args:
        rounds: the elements of a round, by its number from 0 on.
        size: of each round.
        first: place of the first element to take, from 0 on.
        count: how many to take.
    """
    taken: list[T] = []
    while len(taken) < count:
        number, start = divmod(first + len(taken), size)
        taken.extend(rounds(number)[start : start + count - len(taken)])
    return taken
