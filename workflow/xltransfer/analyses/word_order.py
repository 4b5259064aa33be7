"""Word-order similarity of two languages, by WALS features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def shared_features(
    source: Mapping[str, str], target: Mapping[str, str], features: Sequence[str]
) -> tuple[int, int]:
    """Number of features with the same value, and with a value in both languages.

    Args:
        source, target: feature → value.
        features: features to compare.
    """
    both = [name for name in features if name in source and name in target]
    return sum(source[name] == target[name] for name in both), len(both)
