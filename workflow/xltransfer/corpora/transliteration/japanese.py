"""Transliteration of Japanese by readings and a table of kana.

Sudachi (Takaoka et al., LREC 2018) provides the readings of words in kana, which the table
converts. Particles are written as pronounced (は wa, へ e), and verb endings do not merge with the
vowel before them (思う omou, not omō).
"""

from __future__ import annotations

import unicodedata
from typing import Any

import regex

from ...runtime.errors import InputError
from .scheme import Scheme, Spelling
from .table import TableScheme

_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]+")
_PARTICLES = {"は": "wa", "へ": "e"}
_PARTICLE, _VERB, _SYMBOL = "助詞", "動詞", "補助記号"


class JapaneseScheme(Scheme):
    """Hepburn with readings from a dictionary.

    Args:
        name: name in ``schemes.tsv``.
        kana: scheme for hiragana and katakana.
        separator: separator of words; ``""`` for annotated corpora, where a word must stay one
            word.
    """

    runs = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー々〆]+")

    def __init__(self, name: str, kana: TableScheme, separator: str = "") -> None:
        self.name = name
        self._kana = kana
        self._separator = separator
        self._tokenizer: Any = None

    def spell(self, word: str) -> Spelling:
        """Transliterate a span of text that ``runs`` matches."""
        if self._tokenizer is None:
            self._tokenizer = _tokenizer(self.name)
        parts: list[str] = []
        rest: list[str] = []
        applied: list[tuple[str, int]] = []
        position = 0
        for token in self._tokenizer.tokenize(word):
            # Positions instead of surfaces, because the analyser may normalise characters.
            surface = word[position : token.end()]
            position = token.end()
            if not surface:
                continue
            romaji = self._romaji(surface, token.reading_form(), token.part_of_speech()[0])
            if romaji is None:
                rest.append(surface)
                parts.append(surface)
            else:
                applied.append(("kana" if _KANA.fullmatch(surface) else "reading", len(surface)))
                parts.append(romaji)
        rest.append(word[position:])
        parts.append(rest[-1])
        text = self._separator.join(part for part in parts if part)
        return Spelling(text, tuple(applied), "".join(rest))

    def _romaji(self, surface: str, reading: str, part_of_speech: str) -> str | None:
        """A word in Latin letters; ``None`` if its reading is unknown."""
        if part_of_speech == _PARTICLE and surface in _PARTICLES:
            return _PARTICLES[surface]
        kana = unicodedata.normalize("NFKC", surface)
        if not _KANA.fullmatch(kana):
            # Symbols have the reading キゴウ, "symbol", and unknown words their surface.
            if not _KANA.fullmatch(reading) or part_of_speech == _SYMBOL:
                return None
            kana = reading
        ending = "u" if part_of_speech == _VERB and len(kana) > 1 and kana[-1] in "うウ" else ""
        spelling = self._kana.spell(kana[:-1] if ending else kana)
        return None if spelling.rest else spelling.text + ending


def _tokenizer(name: str) -> Any:
    try:
        import sudachidict_small  # noqa: F401
        from sudachipy import Dictionary
    except ImportError:
        raise InputError(
            f"scheme {name} needs the packages sudachipy and sudachidict_small; run "
            "`pip install sudachipy sudachidict_small`"
        ) from None
    dictionary = Dictionary(dict="small")
    # Up to version 0.6 the method is called `create`.
    return getattr(dictionary, "tokenizer", dictionary.create)()
