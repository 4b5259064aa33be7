"""Words for word vectors and dictionaries: splitting raw text, and lower case."""

from __future__ import annotations

import regex

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_TOKEN = regex.compile(r"[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]")


def lowercased(text: str) -> str:
    """A text in lower case, by which words are counted and looked up.

    ``İ`` becomes ``i`` as in Turkish, and not ``i`` with a mark above it, as Unicode has it for
    other languages. ``I`` becomes ``i``, which is wrong in Turkish and Azerbaijani.
    """
    return text.replace("İ", "i").lower()


def words_of(line: str, lowercase: bool) -> list[str]:
    """The words of a line: runs of letters, marks and digits.

    Punctuation separates words and is left out, also within a word (``l'eau`` are two words).
    Scripts without spaces between words are not segmented.

    Args:
        line: raw text.
        lowercase: whether to convert the line to lower case first.
    """
    return _WORD.findall(lowercased(line) if lowercase else line)


def tokens_of(line: str) -> list[str]:
    """The words of a line and its other signs, each a token: about the words of a treebank.

    Args:
        line: raw text.
    """
    return _TOKEN.findall(line)
