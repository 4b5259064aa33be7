"""What the cleaning of lines and that of pairs of lines share: steps for single items.

An item is a line, or a pair of them. Counts of pairs are those of lines, and the characters of a
pair are those of both texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from operator import ne
from typing import Any

from .line_counts import Counts
from .normalisation import composed, folded, without_invisible, without_markup
from .settings import PairSettings, Settings

Apply = Callable[[list[Any], Counts], list[Any]]
"""Function of items and of the counts of a step, which it adds to; it returns the kept items."""


class StepSequence:
    """Steps in order.

    Args:
        steps: name and function of each step.
        size: function that returns the number of characters of an item.

    Attributes:
        counts: counts of each step.
    """

    def __init__(self, steps: Sequence[tuple[str, Apply]], size: Callable[[Any], int]) -> None:
        self._apply = [apply for _, apply in steps]
        self.counts = [Counts(name, size) for name, _ in steps]

    def __call__(self, items: list[Any]) -> list[Any]:
        """The kept items, in order."""
        for apply, counts in zip(self._apply, self.counts, strict=True):
            counts.lines_read += len(items)
            counts.characters_read += sum(map(counts.size, items))
            items = apply(items, counts)
        return items


def kept(items: list[Any], reasons: Sequence[str | None], counts: Counts) -> list[Any]:
    """The items without a reason to be dropped; the others are counted."""
    for item, reason in zip(items, reasons, strict=True):
        if reason is not None:
            counts.drop(reason, counts.size(item))
    return list(compress(items, [reason is None for reason in reasons]))


def dropping(reason: Callable[[Any], str | None], keep: bool = False) -> Apply:
    """The step that drops the items that have a reason.

    Args:
        reason: function of an item.
        keep: whether to keep them all the same, for a function that counts what it finds.
    """

    def apply(items: list[Any], counts: Counts) -> list[Any]:
        reasons = list(map(reason, items))
        return items if keep else kept(items, reasons, counts)

    return apply


def by_length(
    settings: Settings | PairSettings, lengths: Callable[[Any], tuple[int, ...]]
) -> Apply:
    """The step that drops short and long items, by the lengths of their texts."""

    def reason(item: Any) -> str | None:
        found = lengths(item)
        if min(found) < settings.minimum_characters:
            return "too short"
        return "too long" if max(found) > settings.maximum_characters else None

    return dropping(reason)


def changing(change: Callable[[Any], Any]) -> Apply:
    """The step that changes each item."""

    def apply(items: list[Any], counts: Counts) -> list[Any]:
        changed = list(map(change, items))
        counts.lines_changed += sum(map(ne, items, changed))
        counts.characters_removed += sum(map(counts.size, items)) - sum(map(counts.size, changed))
        return changed

    return apply


def normalising(
    of_item: Callable[[Callable[[str], str]], Callable[[Any], Any]],
    blank: Callable[[Any], str | None],
) -> list[tuple[str, Apply]]:
    """The steps that normalise texts.

    Args:
        of_item: function that turns a change of texts into one of items.
        blank: function that returns why a blank item is dropped.
    """
    drop, fold = dropping(blank), changing(of_item(folded))
    return [
        ("unicode_nfc", changing(of_item(composed))),
        ("invisible_characters", changing(of_item(without_invisible))),
        ("markup", changing(of_item(without_markup))),
        # Only kept items count as changed.
        ("whitespace", lambda items, counts: fold(drop(items, counts), counts)),
    ]
