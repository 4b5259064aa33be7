"""Character noise in words: a letter is inserted, deleted, replaced or swapped with its neighbour.

Aepli and Sennrich (2022): models that are fine-tuned on noisy words transfer better to close
relatives and dialects, whose spelling breaks words into subwords as the noise does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..runtime.errors import InputError
from .formats import format_of, read_sentences
from .lines import Lines

if TYPE_CHECKING:
    import numpy as np

INSERT, DELETE, REPLACE, SWAP = OPERATIONS = ("insert", "delete", "replace", "swap")
PUBLISHED = (INSERT, DELETE, REPLACE)
"""The operations of Aepli and Sennrich (2022)."""
SOURCE = "source"
"""Alphabet of the training corpus itself."""
Item = TypeVar("Item")
RAREST = 1e-4
"""Minimum share of a letter among all letters of a text; rarer ones come from other languages."""


def read_alphabet(path: Path) -> str:
    """The letters of a corpus, each once, by code point.

    Letters that are rarer than ``RAREST`` are left out: raw text has foreign names and symbols.

    Args:
        path: raw text, or annotated sentences, whose words are read.

    Raises:
        InputError: the corpus has no letters, or cannot be read.
    """
    counts: Counter[str] = Counter()
    for text in _texts(path):
        counts.update(text)
    letters = {character: count for character, count in counts.items() if character.isalpha()}
    least = RAREST * sum(letters.values())
    found = "".join(sorted(letter for letter, count in letters.items() if count >= least))
    if not found:
        raise InputError(f"{path}: has no letters for noise; name another `alphabet`")
    return found


def _texts(path: Path) -> Iterator[str]:
    found = format_of(path)
    if found is None or found.functions is None:
        yield from Lines(path)
    else:
        for sentence in read_sentences(path):
            yield from sentence.forms


class CharacterNoise:
    """Changes one character in a share of the words of each sentence.

    Of n words that have a letter, ``round(share × n)`` are drawn; each gets one operation, drawn
    among those that change it. A deletion needs a second character, so that no word becomes empty;
    a swap needs two neighbours that differ. Characters are code points.

    Args:
        share: share of the words that change, from 0 to 1.
        operations: some of ``OPERATIONS``.
        alphabet: letters to insert and to put in place of others, all equally likely. A letter is
            never replaced by itself.

    Raises:
        InputError: an operation is unknown.
    """

    def __init__(self, share: float, operations: Sequence[str], alphabet: str) -> None:
        for name in operations:
            if name not in OPERATIONS:
                raise InputError(f"noise: operations: '{name}' is none of {', '.join(OPERATIONS)}")
        self.share = share
        # In a fixed order, so that the order in the configuration has no effect.
        self.operations = tuple(name for name in OPERATIONS if name in operations)
        self.alphabet = alphabet

    def __call__(
        self, words: Sequence[str], draws: np.random.Generator, made: Counter[str] | None = None
    ) -> list[str]:
        """The words of a sentence with noise; as many as before.

        Args:
            words: words of the sentence.
            draws: source of randomness.
            made: counter of the operations, to which those of this sentence are added.
        """
        found = list(words)
        with_letter = [place for place, word in enumerate(words) if any(map(str.isalpha, word))]
        number = round(self.share * len(with_letter))
        for index in sorted(draws.choice(len(with_letter), number, replace=False).tolist()):
            place = with_letter[index]
            possible = [name for name in self.operations if self.is_possible(name, words[place])]
            if possible:
                name = possible[draws.integers(len(possible))]
                found[place] = self.changed(name, words[place], draws)
                if made is not None:
                    made[name] += 1
        return found

    def is_possible(self, operation: str, word: str) -> bool:
        """Whether an operation changes a word and leaves something of it."""
        return bool(self._places(operation, word))

    def changed(self, operation: str, word: str, draws: np.random.Generator) -> str:
        """A word after an operation that is possible, at a place that is drawn."""
        place = _drawn(self._places(operation, word), draws)
        if operation == INSERT:
            return word[:place] + _drawn(self.alphabet, draws) + word[place:]
        if operation == DELETE:
            return word[:place] + word[place + 1 :]
        if operation == REPLACE:
            others = self.alphabet.replace(word[place], "")
            return word[:place] + _drawn(others, draws) + word[place + 1 :]
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    def _places(self, operation: str, word: str) -> Sequence[int]:
        """The places in a word where an operation is possible."""
        if operation == INSERT:
            return range(len(word) + 1)
        if operation == DELETE:
            return range(len(word) if len(word) > 1 else 0)
        if operation == REPLACE:
            # Only an alphabet of one letter equals a letter.
            return [place for place, letter in enumerate(word) if self.alphabet != letter]
        return [place for place in range(len(word) - 1) if word[place] != word[place + 1]]


def _drawn(items: Sequence[Item], draws: np.random.Generator) -> Item:
    return items[draws.integers(len(items))]
