"""How alike two languages are in their word order, by features of WALS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def shared_features(
    source: Mapping[str, str], target: Mapping[str, str], features: Sequence[str]
) -> tuple[int, int]:
    """How many features have the same value, and how many have a value in both languages.

    Args:
        source, target: feature → value.
        features: which ones to compare.
    """
    both = [name for name in features if name in source and name in target]
    return sum(source[name] == target[name] for name in both), len(both)
