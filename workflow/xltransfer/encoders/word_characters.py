"""Words and their characters as input ids of encoders without their own vocabulary.

Each word becomes an id of the word itself, followed by an id of each of its characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..runtime.errors import InputError
from ..runtime.files import read_json, write_json
from .reader import WholeWords, WordPieces

PADDING, UNKNOWN_WORD = 0, 1
VOCABULARY_FILE = "tokenizer.json"
LONGEST_WORD = 1000
"""Maximum of ``longest_word``; a larger value is a mistake that only costs memory."""
_SAVED = {"characters", "longest_word", "words"}
"""Keys of the file."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class WordCharacters(WholeWords):
    """A vocabulary of words and characters, which is a ``Reader``.

    Ids are 0 for padding, 1 for unknown words, then the words, then one for unknown characters,
    then the characters; so words and characters have different ids.

    Args:
        words, characters: known words and characters, in the order of their ids.
        longest_word: maximum number of characters read of a word, from its beginning.

    Attributes:
        first_character: id of the unknown character; it and all later ids are characters.
    """

    def __init__(self, words: Sequence[str], characters: Sequence[str], longest_word: int) -> None:
        self.words, self.characters = list(words), list(characters)
        self.longest_word = longest_word
        self.first_character = UNKNOWN_WORD + 1 + len(self.words)
        self._word_ids = {word: i for i, word in enumerate(self.words, start=UNKNOWN_WORD + 1)}
        self._character_ids = {
            character: i for i, character in enumerate(self.characters, self.first_character + 1)
        }

    @classmethod
    def learn(
        cls, sentences: Iterable[Sequence[str]], minimum_count: int, longest_word: int
    ) -> WordCharacters:
        """The vocabulary of a training set, sorted, so that equal sets give equal vocabularies.

        Args:
            sentences: word forms of each sentence.
            minimum_count: minimum frequency of known words and characters. Rarer ones are unknown,
                so that the model learns to represent unknown ones.
            longest_word: maximum as above.
        """
        words = Counter(form for sentence in sentences for form in sentence)
        characters: Counter[str] = Counter()
        for form, count in words.items():
            for character in form[:longest_word]:
                characters[character] += count
        return cls(
            sorted(word for word, count in words.items() if count >= minimum_count),
            sorted(c for c, count in characters.items() if count >= minimum_count),
            longest_word,
        )

    @classmethod
    def load(cls, directory: Path | str) -> WordCharacters:
        """The vocabulary of a model directory.

        Raises:
            InputError: the file is missing, damaged or another kind of tokenizer.
        """
        path = Path(directory) / VOCABULARY_FILE
        content = read_json(path)
        if (
            not isinstance(content, dict)
            or set(content) != _SAVED
            or not all(_distinct_strings(content[name]) for name in ("characters", "words"))
            or any(len(character) != 1 for character in content["characters"])
            or type(content["longest_word"]) is not int
            or not 1 <= content["longest_word"] <= LONGEST_WORD
        ):
            raise InputError(f"{path}:1: not a vocabulary of words and characters; train again")
        return cls(**content)

    def save(self, directory: Path | str) -> Path:
        """Write the file that ``load`` reads."""
        path = Path(directory) / VOCABULARY_FILE
        write_json(path, {name: getattr(self, name) for name in _SAVED})
        return path

    @property
    def vocabulary_size(self) -> int:
        """Number of ids."""
        return self.first_character + 1 + len(self.characters)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """The ids of sentences that are split into words.

        Args:
            sentences: word forms of each sentence.

        Returns:
            One ``WordPieces`` per sentence; the first id of a word is the word itself.
        """
        known = {form for sentence in sentences for form in sentence}
        pieces = {form: self._pieces(form) for form in known}
        return [_joined([pieces[form] for form in sentence]) for sentence in sentences]

    def _pieces(self, form: str) -> np.ndarray:
        word = self._word_ids.get(form, UNKNOWN_WORD)
        spelling = (
            self._character_ids.get(character, self.first_character)
            for character in form[: self.longest_word]
        )
        return np.array([word, *spelling], dtype=np.int64)


def _joined(words: Sequence[np.ndarray]) -> WordPieces:
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    return WordPieces(np.concatenate(words), np.cumsum(lengths) - lengths)


def _distinct_strings(values: object) -> bool:
    return (
        isinstance(values, list)
        and all(isinstance(value, str) and value for value in values)
        and not _SURROGATE.search("".join(values))
        and len(set(values)) == len(values)
    )
