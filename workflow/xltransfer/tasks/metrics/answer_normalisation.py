"""Rules by which answers are compared: the normalisation of the official scripts.

- ``squad`` (Rajpurkar et al., EMNLP 2016): lower case; ASCII punctuation is removed; the English
  articles *a*, *an*, *the* are removed; tokens are separated by white space. XQuAD (Artetxe et al.,
  ACL 2020) is scored in this way in every language.
- ``mlqa`` (Lewis et al., ACL 2020): lower case; Unicode punctuation is removed; the articles of the
  language are removed; tokens are separated by white space, and every Chinese character is a token
  in Chinese. In Arabic the article is removed wherever its two letters occur, also within words,
  as in the official script.

Punctuation is removed before articles, and both before tokens are separated. Articles match between
word boundaries, so *a* in *a.m.* has become *am* before and is not removed.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from functools import cache

from ...corpora.questions import MLQA

_ENGLISH = ("a", "an", "the")
ARTICLES = {
    "en": _ENGLISH,
    "es": ("un", "una", "unos", "unas", "el", "la", "los", "las"),
    "de": (
        *("ein", "eine", "einen", "einem", "eines", "einer"),
        *("der", "die", "das", "den", "dem", "des"),
    ),
    "vi": ("của", "là", "cái", "chiếc", "những"),
}
"""Words that the rules of MLQA remove, by language; Hindi and Chinese have none."""
ARABIC_ARTICLE = "ال"
"""Removed within words too, because the official pattern has no boundary before it."""
CHINESE = re.compile("[\u4e00-\u9fa5]")
"""Characters that are tokens of their own in Chinese."""


def tokens_of(answer: str, normalisation: str, language: str) -> list[str]:
    """The tokens of an answer after normalisation.

    Args:
        answer: text of the answer.
        normalisation: ``squad`` or ``mlqa``.
        language: code of the language, relevant for ``mlqa``; a variety in another script
            (``ar_latn``) has no articles.

    Returns:
        The tokens; two answers match exactly if these are equal.
    """
    lowered = answer.lower()
    if normalisation != MLQA:
        kept = lowered.translate(_ascii_punctuation())
        return _pattern(_ENGLISH).sub(" ", kept).split()
    kept = lowered.translate(_unicode_punctuation())
    if language == "ar":
        kept = kept.replace(ARABIC_ARTICLE, " ")
    elif language in ARTICLES:
        kept = _pattern(ARTICLES[language]).sub(" ", kept)
    if language == "zh":
        kept = CHINESE.sub(lambda found: f" {found[0]} ", kept)
    return kept.split()


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


@cache
def _ascii_punctuation() -> dict[int, None]:
    return dict.fromkeys(map(ord, string.punctuation))


@cache
def _unicode_punctuation() -> dict[int, None]:
    """All characters of a category of punctuation, and ASCII symbols such as $ and +."""
    unicode = (
        code for code in range(sys.maxunicode) if unicodedata.category(chr(code)).startswith("P")
    )
    return dict.fromkeys([*unicode, *_ascii_punctuation()])
