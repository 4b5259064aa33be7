"""Random draws that stay the same across Python and NumPy releases.

The whole embedded world depends on these draws, and the committed encoder was trained on it. They
may therefore only use ``random.Random.random``, the only method whose sequence for a given seed
Python guarantees.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import TypeVar

Item = TypeVar("Item")


class Draws:
    """A stream of draws with a name as seed.

    Args:
        *name: purpose of the stream, e.g. ``("lexicon", "qaa")``. Equal names give equal streams;
            adding a stream never changes another.
    """

    def __init__(self, *name: object) -> None:
        self._uniform = random.Random("/".join(str(part) for part in name)).random

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._uniform() < probability

    def below(self, bound: int) -> int:
        """An integer from 0 to ``bound`` − 1, uniformly."""
        return int(self._uniform() * bound)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, uniformly."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order."""
        order = sorted(range(len(items)), key=[self._uniform() for _ in items].__getitem__)
        return [items[index] for index in order]

    def weighted(self, items: Sequence[Item], cumulative: Sequence[float]) -> Item:
        """One of the items, with probability proportional to its step in ``cumulative``."""
        return items[bisect(cumulative, self._uniform() * cumulative[-1])]


@cache
def zipf_weights(count: int) -> list[float]:
    """Cumulative Zipf weights 1, 1 + 1/2, 1 + 1/2 + 1/3, …: the first items are frequent."""
    return list(accumulate(1 / rank for rank in range(1, count + 1)))
