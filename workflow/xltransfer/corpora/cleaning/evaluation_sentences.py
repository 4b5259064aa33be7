"""Detection of development and test sentences in raw text.

An encoder adapted to such text has seen its test sentences. In small languages this is common,
because few texts exist: treebanks and raw text both come from Wikipedia, named entities and
translations from the same newspapers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from unicodedata import normalize

from ..formats import read_sentences
from ..sentences import AnnotatedSentence

LEAST_WORDS, LEAST_LETTERS = 5, 10
"""Shorter sentences may occur in a line by chance, so they only match identical lines.

Marks are words as well, so letters and digits are counted besides. Characters of Chinese, Japanese
and Korean, of which a word has fewer, count as two letters.
"""
_FIRST_OF_EAST_ASIA = "\u2e80"
_SEED = 12
"""Number of letters for looking up candidates before the full comparison."""
_NO_LETTER = re.compile(r"[\W_]+")

EQUAL = "equals a development or test sentence"
CONTAINS = f"contains a development or test sentence of at least {LEAST_WORDS} words"
PART = "is part of a development or test sentence"


def letters(text: str) -> str:
    """The letters and digits of a text, case-folded, as comparison key.

    Tokenization, punctuation, case, spaces and combining marks differ between versions of a text.
    """
    return _NO_LETTER.sub("", normalize("NFKC", text).casefold())


class EvaluationSentences:
    """Finds sentences of annotated corpora in lines of raw text.

    Args:
        files: development and test parts.

    Raises:
        InputError: a file cannot be read or is malformed; names the line.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._names = [
            f"{path.parent.parent.name}/{path.parent.name}/{path.stem}" for path in files
        ]
        self._sentences = [0] * len(files)
        self._found: list[set[int]] = [set() for _ in files]
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._long: dict[int, dict[str, set[str]]] = {}
        self._inside: dict[str, set[str]] = {}
        for number, path in enumerate(files):
            self._add(number, read_sentences(path))

    def _add(self, number: int, sentences: Iterable[AnnotatedSentence]) -> None:
        for place, sentence in enumerate(sentences):
            self._sentences[number] += 1
            for key in {letters(text) for text in _versions(sentence)} - {""}:
                self._places.setdefault(key, []).append((number, place))
                if len(sentence.forms) >= LEAST_WORDS and _weight(key) >= LEAST_LETTERS:
                    length = min(_SEED, len(key))
                    self._long.setdefault(length, {}).setdefault(key[:length], set()).add(key)
                for start in range(len(key) - _SEED + 1):
                    self._inside.setdefault(key[start : start + _SEED], set()).add(key)

    def reason(self, line: str) -> str | None:
        """Why a line matches a sentence, or ``None``; matched sentences are recorded."""
        key = letters(line)
        contained = self._contained(key)
        for sentence in contained | ({key} & self._places.keys()):
            for number, place in self._places[sentence]:
                self._found[number].add(place)
        if key in self._places:
            return EQUAL
        if contained:
            return CONTAINS
        long = line.count(" ") >= LEAST_WORDS - 1
        if long and any(key in sentence for sentence in self._inside.get(key[:_SEED], ())):
            return PART
        return None

    def _contained(self, key: str) -> set[str]:
        """The keys of long sentences contained in the key of a line."""
        return {
            sentence
            for length, begins in self._long.items()
            for start in range(len(key) - length + 1)
            for sentence in begins.get(key[start : start + length], ())
            if key.startswith(sentence, start)
        }

    def report(self) -> dict[str, dict[str, int]]:
        """By file (``treebanks/wo_wtb/test``): the number of ``sentences`` and of those ``found``.

        A sentence is found if a line equals or contains it; it counts once.
        """
        return {
            name: {"sentences": sentences, "found": len(found)}
            for name, sentences, found in zip(
                self._names, self._sentences, self._found, strict=True
            )
        }


def _weight(key: str) -> int:
    """The number of letters of a key, East Asian characters counting as two."""
    return len(key) + sum(character >= _FIRST_OF_EAST_ASIA for character in key)


def _versions(sentence: AnnotatedSentence) -> Iterable[str]:
    """A sentence as its words and, if a comment has it, as its original text.

    The two differ if one token consists of several words.
    """
    yield " ".join(sentence.forms)
    for comment in sentence.comments:
        name, _, text = comment.removeprefix("#").partition("=")
        if name.strip() == "text":
            yield text
