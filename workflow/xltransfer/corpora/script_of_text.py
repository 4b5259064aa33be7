"""The script in which a text is written, for catalogue rows of new languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import regex

from .cleaning.scripts import is_script

SCRIPTS = (
    *("Adlm", "Arab", "Armn", "Beng", "Cakm", "Cans", "Cher", "Copt", "Cyrl", "Deva", "Egyp"),
    *("Ethi", "Geor", "Goth", "Grek", "Gujr", "Guru", "Hang", "Hani", "Hebr", "Hira", "Kana"),
    *("Khmr", "Knda", "Laoo", "Latn", "Mlym", "Mong", "Mymr", "Nkoo", "Ogam", "Olck", "Orya"),
    *("Phnx", "Rohg", "Runr", "Sinh", "Syrc", "Taml", "Telu", "Tfng", "Thaa", "Thai", "Tibt"),
    *("Vaii", "Xsux", "Yiii"),
)
"""ISO 15924 codes of the scripts that are recognised: those of Universal Dependencies, and living
ones."""
KANA, JAPANESE, HANGUL, KOREAN = ("Hira", "Kana"), "Jpan", "Hang", "Kore"
SHARE_OF_KANA = 0.05
"""Minimum share of kana among the letters of Japanese. Chinese texts quote single ones."""


def script_of_text(texts: Iterable[str]) -> str:
    """The ISO 15924 code of the script of most letters.

    Text with kana is Japanese (``Jpan``), and text mainly in hangul is Korean (``Kore``): languages
    that are written in several scripts at once have codes of their own.

    Returns:
        The code; ``""`` for a text without letters of the scripts in ``SCRIPTS``.
    """
    letters: Counter[str] = Counter()
    for text in texts:
        letters.update(text)
    counts: Counter[str] = Counter()
    for script in filter(is_script, SCRIPTS):
        of_script = regex.compile(rf"[[\p{{L}}\p{{M}}]&&[\p{{Script={script}}}]]", regex.VERSION1)
        counts[script] = sum(number for c, number in letters.items() if of_script.match(c))
    total = counts.total()
    if not total:
        return ""
    if sum(counts[script] for script in KANA) >= SHARE_OF_KANA * total:
        return JAPANESE
    most = counts.most_common(1)[0][0]
    return KOREAN if most == HANGUL else most
