"""Normalisation of a line: Unicode form, invisible characters, leftover markup, blanks."""

from __future__ import annotations

import html
import unicodedata

import regex

_INVISIBLE = regex.compile(
    # Control and format characters, private use and noncharacters. Exceptions: blanks, which are
    # folded later; joiners, which are part of words in Persian, Sorani and Indic scripts; and signs
    # that enclose numbers and verses, which are visible.
    r"[[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}]--"
    r"[\s\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]]+",
    flags=regex.VERSION1,
)
_ENTITY = regex.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_COMMENT = regex.compile(r"<!--.*?-->")
_TAG = regex.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]{0,500})?/?>")
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "mark"}
    | {"nobr", "q", "s", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr"}
)
"""Inline tags, which may be within words and sentences; all other tags separate them."""


def composed(line: str) -> str:
    """The line in Unicode's Normalization Form C."""
    return line if line.isascii() else unicodedata.normalize("NFC", line)


def without_invisible(line: str) -> str:
    """The line without control and format characters and private use.

    ZERO WIDTH JOINER, NON-JOINER and all kinds of blanks stay. The result is composed again (NFC).
    """
    return line if line.isprintable() else composed(_INVISIBLE.sub("", line))


def without_markup(line: str) -> str:
    """The line without HTML tags and comments, with entities resolved.

    Entities that were escaped twice (``&amp;nbsp;``) are also resolved. A ``<`` that opens no tag
    stays.
    """
    if "&" not in line and "<" not in line:
        return line
    text = line
    for _ in range(2):
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _TAG.sub(_tag, _COMMENT.sub(" ", text))
    # Resolved entities may need the normalisation of the previous steps.
    return line if text == line else composed(without_invisible(text))


def _tag(match: regex.Match[str]) -> str:
    return "" if match[1].lower() in _INLINE else " "


def folded(line: str) -> str:
    """The line with each run of blanks replaced by one space, and stripped."""
    return " ".join(line.split())
