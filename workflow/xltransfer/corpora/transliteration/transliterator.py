"""Transliteration of text with a cache of distinct words, and counts of all characters."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any
from unicodedata import normalize

import regex

from .coverage import Coverage
from .scheme import Scheme, Spelling

_LIMIT = 100_000
"""Maximum number of cached words; a full cache is counted and cleared."""


class Transliterator:
    """Transliterates texts and counts their characters by rule.

    Args:
        scheme: transliteration scheme.
        limit: maximum number of cached distinct words.
    """

    def __init__(self, scheme: Scheme, limit: int = _LIMIT) -> None:
        self.scheme = scheme
        self._limit = limit
        self._coverage = Coverage()
        self._words = _Words(scheme)
        self._frequencies: Counter[str] = Counter()
        self._gaps: Counter[str] = Counter()
        # The parentheses make `split` return the runs as well.
        self._split = regex.compile(f"({scheme.runs.pattern})", scheme.runs.flags).split

    def text(self, text: str) -> str:
        """Transliterate a text and count its characters.

        Args:
            text: word or lines. They are composed (NFC), like the tables and cleaned raw text;
                everything except runs of letters stays unchanged.
        """
        parts = self._split(normalize("NFC", text))
        words = parts[1::2]
        self._frequencies.update(words)
        self._gaps.update(parts[::2])
        parts[1::2] = map(self._words.__getitem__, words)
        if len(self._words) + len(self._gaps) > self._limit:
            self._settle()
        return "".join(parts)

    def uncounted(self, text: str) -> str:
        """Transliterate a text without counting, for repetitions of counted text."""
        parts = self._split(normalize("NFC", text))
        parts[1::2] = map(self._words.__getitem__, parts[1::2])
        return "".join(parts)

    def report(self) -> dict[str, Any]:
        """The counts of all characters so far (see ``Coverage.report``)."""
        self._settle()
        return self._coverage.report()

    def _settle(self) -> None:
        spellings = self._words.spellings
        for times, words in _by_frequency(self._frequencies).items():
            spelled = [spellings[word] for word in words]
            steps = Counter(chain.from_iterable(spelling.applied for spelling in spelled))
            for (label, characters), count in steps.items():
                self._coverage.add_rule(label, characters * count * times)
            self._coverage.add_rest("".join(spelling.rest for spelling in spelled), times)
        for times, gaps in _by_frequency(self._gaps).items():
            self._coverage.add_rest("".join(gaps), times)
        self._frequencies.clear()
        self._gaps.clear()
        self._words.clear()
        spellings.clear()


def _by_frequency(counts: Counter[str]) -> dict[int, list[str]]:
    """Texts grouped by frequency; there are few groups, because most texts are rare."""
    found: dict[int, list[str]] = {}
    for text, times in counts.items():
        found.setdefault(times, []).append(text)
    return found


class _Words(dict[str, str]):
    """A cache of words in Latin letters, computed on first access."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._spell = scheme.spell
        self.spellings: dict[str, Spelling] = {}

    def __missing__(self, word: str) -> str:
        spelling = self._spell(word)
        self.spellings[word] = spelling
        self[word] = spelling.text
        return spelling.text
