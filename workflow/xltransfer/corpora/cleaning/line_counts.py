"""Counts of lines and characters for each cleaning step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """The counts of one step.

    ``lines_kept = lines_read + lines_added - lines_dropped`` and
    ``characters_kept = characters_read - characters_dropped - characters_removed``.
    The next step reads what a step keeps. Characters are code points without line ends.

    Attributes:
        step: name of the step.
        size: function that returns the number of characters of an item.
        lines_added: number of sentences minus number of their paragraphs.
        characters_dropped: characters of dropped lines.
        characters_removed: characters removed from kept lines, minus those inserted.
        lines_changed: kept lines with changed characters.
        why: number of dropped lines by reason.
    """

    step: str
    size: Callable[[Any], int] = len
    lines_read: int = 0
    lines_added: int = 0
    lines_dropped: int = 0
    lines_changed: int = 0
    characters_read: int = 0
    characters_dropped: int = 0
    characters_removed: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def keeps(self, characters: int, is_dropped: bool, reason: str) -> bool:
        """Count a line that the step reads, and whether it keeps it.

        Args:
            characters: characters of the line.
            is_dropped: whether it is dropped.
            reason: reason for which it is, if so.
        """
        self.lines_read += 1
        self.characters_read += characters
        if is_dropped:
            self.drop(reason, characters)
        return not is_dropped

    def drop(self, reason: str, characters: int) -> None:
        """Count a dropped line with its characters."""
        self.lines_dropped += 1
        self.characters_dropped += characters
        self.why[reason] += 1

    @property
    def lines_kept(self) -> int:
        """Number of kept lines."""
        return self.lines_read + self.lines_added - self.lines_dropped

    @property
    def characters_kept(self) -> int:
        """Number of kept characters."""
        return self.characters_read - self.characters_dropped - self.characters_removed

    def row(self) -> dict[str, Any]:
        """The row for the report."""
        names = (
            *("step", "lines_read", "lines_added", "lines_dropped", "lines_changed", "lines_kept"),
            *("characters_read", "characters_dropped", "characters_removed", "characters_kept"),
        )
        return {**{name: getattr(self, name) for name in names}, "why": dict(self.why)}


def largest_loss(counts: Sequence[Counts], unit: str, otherwise: str) -> str:
    """Which step dropped the most, of how many, and its most frequent reason, for a message.

    Args:
        counts: counts of all steps in order.
        unit: what the steps count (``lines``).
        otherwise: reason if no step dropped anything.
    """
    most = max(counts, key=lambda step: step.lines_dropped)
    reason = next((reason for reason, _ in most.why.most_common(1)), otherwise)
    return (
        f"the step '{most.step}' dropped {most.lines_dropped} of {counts[0].lines_read} {unit} "
        f"({reason})"
    )
