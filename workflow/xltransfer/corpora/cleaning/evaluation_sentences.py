"""Development and test sentences that are also in raw text.

An encoder that is adapted to its test sentences has seen them before it is tested. Corpora of small
languages are often made of the few texts that there are: treebanks and raw text both come from
Wikipedia, named entities and translations from the same newspapers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from unicodedata import normalize

from ..formats import read_sentences
from ..sentences import AnnotatedSentence

LEAST_WORDS = 5
"""Shorter sentences occur in other sentences by chance; only lines that equal one are matched."""
_SEED = 12
"""Letters that a match is looked up by before it is compared in full."""
_NO_LETTER = re.compile(r"[\W_]+")

EQUAL = "equals a development or test sentence"
CONTAINS = f"contains a development or test sentence of at least {LEAST_WORDS} words"
PART = "is part of a development or test sentence"


def letters(text: str) -> str:
    """The letters and digits of a text, case folded: what two versions of a sentence share.

    Tokenization, punctuation, case, spaces and combining marks differ between versions.
    """
    return _NO_LETTER.sub("", normalize("NFKC", text).casefold())


class EvaluationSentences:
    """Finds sentences of annotated corpora in lines of raw text.

    Args:
        files: development and test parts.

    Raises:
        InputError: a file cannot be read or breaks its format; names the line.
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
                if len(sentence.forms) >= LEAST_WORDS:
                    length = min(_SEED, len(key))
                    self._long.setdefault(length, {}).setdefault(key[:length], set()).add(key)
                for start in range(len(key) - _SEED + 1):
                    self._inside.setdefault(key[start : start + _SEED], set()).add(key)

    def reason(self, line: str) -> str | None:
        """What a line has in common with a sentence, or ``None``; sentences in it are noted."""
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
        """The keys of long sentences that are in the key of a line."""
        return {
            sentence
            for length, begins in self._long.items()
            for start in range(len(key) - length + 1)
            for sentence in begins.get(key[start : start + length], ())
            if key.startswith(sentence, start)
        }

    def report(self) -> dict[str, dict[str, int]]:
        """For each file (``treebanks/wo_wtb/test``) its ``sentences`` and how many were ``found``.

        Found are sentences that a line equals or contains, each counted once.
        """
        return {
            name: {"sentences": sentences, "found": len(found)}
            for name, sentences, found in zip(
                self._names, self._sentences, self._found, strict=True
            )
        }


def _versions(sentence: AnnotatedSentence) -> Iterable[str]:
    """A sentence as its words and, where a comment has it, as it was written.

    The two differ where one written token is several words.
    """
    yield " ".join(sentence.forms)
    for comment in sentence.comments:
        name, _, text = comment.removeprefix("#").partition("=")
        if name.strip() == "text":
            yield text
