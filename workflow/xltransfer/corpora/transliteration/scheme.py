"""The interface of transliteration schemes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import regex

LETTERS = r"\p{L}\p{M}\u200c\u200d"
"""Letters with marks and joiners, for a character class of a regular expression."""


class Spelling(NamedTuple):
    """A word in Latin letters, with the applied rules.

    Attributes:
        text: word in Latin letters.
        applied: label of each applied rule, and the number of original characters that it replaced.
        rest: characters without a rule, which are unchanged in ``text``.
    """

    text: str
    applied: tuple[tuple[str, int], ...]
    rest: str


class Scheme(ABC):
    """A transliteration of words of some script to Latin letters.

    Attributes:
        name: name in ``schemes.tsv``.
        reversible: whether ``reverse`` is supported.
        runs: pattern of the spans of a text that ``spell`` converts; the rest stays.
    """

    name: str
    reversible: bool = False
    runs: regex.Pattern[str]

    @abstractmethod
    def spell(self, word: str) -> Spelling:
        """Transliterate a span of text that ``runs`` matches."""

    def transliterate(self, word: str) -> str:
        """Any text in Latin letters; no space or line end is added within a word."""
        return self.runs.sub(lambda match: self.spell(match.group()).text, word)

    def reverse(self, text: str) -> str:
        """The original of a transliterated text.

        Raises:
            ValueError: the scheme is not reversible.
        """
        raise ValueError(f"{self.name} is not reversible")
