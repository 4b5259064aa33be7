"""Bilingual dictionaries of words: a pair per line, the source word, a tab or space, the target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines, write_lines

LONGEST_WORD = 1000
"""Maximum characters of a word; a longer one indicates another file format."""
Pair = tuple[str, str]
_SEPARATOR = re.compile("[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def read_dictionary(path: Path | str) -> list[Pair]:
    """The pairs of a dictionary, in the order of the file.

    A word with several translations has several lines. A pair that is repeated is kept once.

    Args:
        path: UTF-8 file; a line has two words, separated by tabs or spaces. Empty lines are
            skipped.

    Raises:
        InputError: the file cannot be read, has no pairs, or a line does not consist of two words;
            names the line.
    """
    pairs: dict[Pair, None] = {}
    for number, line in enumerate(read_text_lines(path).split("\n"), start=1):
        if not line.strip(" \t"):
            continue
        if found := _CONTROL.search(line):
            raise InputError(f"{path}:{number}: control character '{found[0]}'; remove it")
        words = _SEPARATOR.split(line.strip(" \t"))
        if len(words) != 2:
            raise InputError(
                f"{path}:{number}: {len(words)} words, not a source word and a target word; write "
                "one pair per line, and leave out expressions of several words"
            )
        if max(map(len, words)) > LONGEST_WORD:
            raise InputError(
                f"{path}:{number}: a word of more than {LONGEST_WORD} characters; correct the line"
            )
        pairs[words[0], words[1]] = None
    if not pairs:
        raise InputError(f"{path}: no pair of words; is it the right file?")
    return list(pairs)


def write_dictionary(path: Path | str, pairs: Sequence[Pair] | Iterable[Pair]) -> None:
    """Write pairs in order, separated by a tab."""
    write_lines(path, map("\t".join, pairs))


def by_source_word(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """Source word → its translations, in the order of the pairs."""
    found: dict[str, list[str]] = {}
    for source, target in pairs:
        found.setdefault(source, []).append(target)
    return found
