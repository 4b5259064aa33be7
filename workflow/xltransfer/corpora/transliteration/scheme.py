"""What every scheme of transliteration can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import regex

LETTERS = r"\p{L}\p{M}\u200c\u200d"
"""Letters with their marks and joiners, to stand in a class of a regular expression."""


class Spelling(NamedTuple):
    """A word in Latin letters, and how it came about.

    Attributes:
        text: the word in Latin letters.
        applied: for each rule that was applied, its label and how many characters of the original
            it took.
        rest: the characters that no rule took; they stand unchanged in ``text``.
    """

    text: str
    applied: tuple[tuple[str, int], ...]
    rest: str


class Scheme(ABC):
    """A way to write words of some script in Latin letters.

    Attributes:
        name: as in ``schemes.tsv``.
        reversible: whether ``reverse`` works.
        runs: matches the stretches of a text that are handed to ``spell``; all else stays.
    """

    name: str
    reversible: bool = False
    runs: regex.Pattern[str]

    @abstractmethod
    def spell(self, word: str) -> Spelling:
        """One stretch of text that ``runs`` matches."""

    def transliterate(self, word: str) -> str:
        """A word, or any text, in Latin letters; no space or line end is added to a word."""
        return self.runs.sub(lambda match: self.spell(match.group()).text, word)

    def reverse(self, text: str) -> str:
        """The original of a transliterated text.

        Raises:
            ValueError: the scheme is not reversible.
        """
        raise ValueError(f"{self.name} is not reversible")
