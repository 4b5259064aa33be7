"""Counts of lines and characters for each cleaning step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
        lines_added: number of sentences minus number of their paragraphs.
        characters_dropped: characters of dropped lines.
        characters_removed: characters removed from kept lines, minus those inserted.
        lines_changed: kept lines with changed characters.
        why: number of dropped lines by reason.
    """

    step: str
    lines_read: int = 0
    lines_added: int = 0
    lines_dropped: int = 0
    lines_changed: int = 0
    characters_read: int = 0
    characters_dropped: int = 0
    characters_removed: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str, lines: int, characters: int) -> None:
        """Count dropped lines with their characters."""
        if lines:
            self.lines_dropped += lines
            self.characters_dropped += characters
            self.why[reason] += lines

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
        return {
            "step": self.step,
            "lines_read": self.lines_read,
            "lines_added": self.lines_added,
            "lines_dropped": self.lines_dropped,
            "lines_changed": self.lines_changed,
            "lines_kept": self.lines_kept,
            "characters_read": self.characters_read,
            "characters_dropped": self.characters_dropped,
            "characters_removed": self.characters_removed,
            "characters_kept": self.characters_kept,
            "why": dict(self.why),
        }


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
