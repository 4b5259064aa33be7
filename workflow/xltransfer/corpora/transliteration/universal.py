"""Universal romanisation of any script with uroman (Hermjakob, May & Knight, ACL 2018)."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

from ...runtime.errors import InputError
from .scheme import Scheme, Spelling


class UniversalScheme(Scheme):
    """Universal romanisation; Latin letters, ASCII digits and punctuation stay unchanged.

    Args:
        name: name in ``schemes.tsv``.
        language: ISO 639-3 code, for language-specific readings of a script; ``""`` if unknown.
    """

    runs = regex.compile(
        r"[[\p{L}\p{M}\p{Nd}\u200c\u200d]--[\p{Latin}0-9\u0300-\u036f\ufe0f\u20e3]]+", regex.V1
    )

    def __init__(self, name: str, language: str) -> None:
        self.name = name
        self._language = language or None

    def spell(self, word: str) -> Spelling:
        """Transliterate a span of text that ``runs`` matches."""
        romaniser, edges = _romaniser(self.name)
        parts: list[str] = []
        rest: list[str] = []
        applied: list[tuple[str, int]] = []
        for edge in romaniser.romanize_string(word, self._language, edges):
            original = word[edge.start : edge.end]
            target = "".join(edge.txt.split())
            if edge.type == "orig" or target == original:
                rest.append(original)
                parts.append(original)
            else:
                # Number expressions are unbounded, all other replacements come from a finite list.
                is_number = any(map(str.isdecimal, original))
                label = "number" if is_number else f"{original} → {target}"
                applied.append((label, len(original)))
                parts.append(target)
        return Spelling("".join(parts), tuple(applied), "".join(rest))


def _romaniser(name: str) -> tuple[Any, Any]:
    """The romaniser, which takes seconds to load, and its output format with rule details."""
    try:
        return _loaded()
    except ImportError:
        raise InputError(
            f"scheme {name} needs the package uroman; run `pip install uroman`"
        ) from None


@cache
def _loaded() -> tuple[Any, Any]:
    from uroman import RomFormat, Uroman

    return Uroman(), RomFormat.EDGES
