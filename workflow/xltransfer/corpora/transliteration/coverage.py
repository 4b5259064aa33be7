"""Coverage of characters by the rules of a scheme."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

import regex

# The first match counts; other characters require a rule.
_KEPT = {
    "latin": r"\p{Latin}",
    "digits": r"[\p{N}--[\p{Nd}--[0-9]]]",
    "punctuation": r"\p{P}",
    "spaces": r"[\p{Z}\t\r]",
    "emoji": r"[\ufe0f\u200d\u20e3]|\p{Emoji_Presentation}|\p{Emoji_Modifier}",
    "symbols": r"\p{S}|[\p{L}&&\p{scx=Common}]",
    "combining marks": r"[\u0300-\u036f]",
}
_KIND = regex.compile("|".join(f"({pattern})" for pattern in _KEPT.values()), regex.V1)


class Coverage:
    """Counts of characters: by rule, kept, and without a rule."""

    def __init__(self) -> None:
        self._by_rule: Counter[str] = Counter()
        self._rest: Counter[str] = Counter()

    def add_rule(self, label: str, characters: int) -> None:
        """Count characters that a rule replaced."""
        self._by_rule[label] += characters

    def add_rest(self, text: str, times: int) -> None:
        """Count characters without a rule; line feeds do not count."""
        for character, count in Counter(text).items():
            if character != "\n":
                self._rest[character] += count * times

    def report(self) -> dict[str, Any]:
        """The counts, ready for JSON.

        ``characters.total`` is the sum of ``by_rule``, ``kept`` and ``without_rule``.
        """
        kept: Counter[str] = Counter()
        without: list[tuple[str, int]] = []
        for character, count in self._rest.items():
            if match := _KIND.fullmatch(character):
                kept[list(_KEPT)[match.lastindex - 1]] += count
            else:
                without.append((character, count))
        without.sort(key=lambda item: (-item[1], item[0]))
        by_rule, unruled = self._by_rule.total(), sum(count for _, count in without)
        return {
            "characters": {
                "total": by_rule + self._rest.total(),
                "by_rule": by_rule,
                "kept": kept.total(),
                "without_rule": unruled,
            },
            "rules": dict(self._by_rule),
            "kept": dict(kept),
            "without_rule": [
                {
                    "character": character,
                    "code_point": f"U+{ord(character):04X}",
                    "name": unicodedata.name(character, ""),
                    "count": count,
                }
                for character, count in without
            ],
        }
