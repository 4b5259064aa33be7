"""Splitting raw text into words for word vectors."""

from __future__ import annotations

import regex

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]")


def words_of(line: str, lowercase: bool) -> list[str]:
    """The words of a line: runs of letters, marks and digits.

    Punctuation separates words and is left out, also within a word (``l'eau`` are two words).
    Scripts without spaces between words are not segmented.

    Args:
        line: raw text.
        lowercase: whether to convert the line to lower case first.
    """
    return _WORD.findall(line.lower() if lowercase else line)


def tokens_of(line: str) -> list[str]:
    """The words of a line and its other signs, each a token: about the words of a treebank.

    Args:
        line: raw text.
    """
    return _TOKEN.findall(line)
