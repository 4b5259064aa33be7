"""Text by a scheme, each distinct word once, every character counted."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any
from unicodedata import normalize

import regex

from .coverage import Coverage
from .scheme import Scheme, Spelling

_LIMIT = 100_000
"""So many distinct words are remembered; then they are counted up and forgotten."""


class Transliterator:
    """Transliterates texts and counts what happens to their characters.

    Args:
        scheme: of the transliteration.
        limit: how many distinct words are remembered; bounds the memory.
    """

    def __init__(self, scheme: Scheme, limit: int = _LIMIT) -> None:
        self.scheme = scheme
        self._limit = limit
        self._coverage = Coverage()
        self._words = _Words(scheme)
        self._frequencies: Counter[str] = Counter()
        self._gaps: Counter[str] = Counter()
        # In parentheses, so that splitting keeps what is between the gaps.
        self._split = regex.compile(f"({scheme.runs.pattern})", scheme.runs.flags).split

    def text(self, text: str) -> str:
        """A text in Latin letters; its characters are counted.

        Args:
            text: a word or many lines, composed first (NFC), as cleaned raw text and the tables
                are. What is no run of letters stays as it is.
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
        """A text in Latin letters, for what repeats a text that is counted."""
        parts = self._split(normalize("NFC", text))
        parts[1::2] = map(self._words.__getitem__, parts[1::2])
        return "".join(parts)

    def report(self) -> dict[str, Any]:
        """What became of all characters so far (see ``Coverage.report``)."""
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
    """The texts that occur once, twice and so on: few lists, for most texts are rare."""
    found: dict[int, list[str]] = {}
    for text, times in counts.items():
        found.setdefault(times, []).append(text)
    return found


class _Words(dict[str, str]):
    """Words in Latin letters, made when they are first asked for."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__()
        self._spell = scheme.spell
        self.spellings: dict[str, Spelling] = {}

    def __missing__(self, word: str) -> str:
        spelling = self._spell(word)
        self.spellings[word] = spelling
        self[word] = spelling.text
        return spelling.text
