"""What each step of cleaning does to lines and characters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """The counts of one step.

    ``lines_kept = lines_read + lines_added - lines_dropped`` and
    ``characters_kept = characters_read - characters_dropped - characters_removed`` always hold,
    and what a step keeps is what the next one reads. Characters are code points; line ends do not
    count.

    Attributes:
        step: its name.
        lines_added: sentences less the paragraphs they came from.
        characters_dropped: of dropped lines.
        characters_removed: from lines that stay, less those put in.
        lines_changed: lines that stay, with other characters.
        why: lines dropped for each reason.
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
        """Count lines that go, with their characters."""
        if lines:
            self.lines_dropped += lines
            self.characters_dropped += characters
            self.why[reason] += lines

    @property
    def lines_kept(self) -> int:
        """Lines handed on."""
        return self.lines_read + self.lines_added - self.lines_dropped

    @property
    def characters_kept(self) -> int:
        """Characters handed on."""
        return self.characters_read - self.characters_dropped - self.characters_removed

    def row(self) -> dict[str, Any]:
        """For the report."""
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
