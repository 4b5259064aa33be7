"""Reading, validating and writing CoNLL-U (https://universaldependencies.org/format.html).

A sentence keeps all its rows and comments, including multiword tokens, empty nodes and enhanced
dependencies, so writing it gives the same bytes. Everything that later stages rely on is validated
here: malformed trees raise an error with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from pathlib import Path

from ..runtime.errors import InputError
from .conllu_arrays import find_sentences
from .conllu_rows import check_sentence
from .lines import read_text_lines, write_lines

ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC = range(10)
"""Columns of a row."""
_BLOCK = 1 << 18
"""Number of characters validated at a time."""


class Sentence:
    """One sentence of a treebank.

    A sentence from a file is split into rows only on demand, because most stages need only one or
    two columns.

    Args:
        comments: lines that start with ``#``, without the line end.
        rows: all rows in file order, including multiword tokens and empty nodes; ten columns each.
        words: rows of syntactic words (integer ID), in order; the same list objects as in ``rows``.
    """

    __slots__ = ("_comments", "_lines", "_rows", "_words")

    def __init__(self, comments: list[str], rows: list[list[str]], words: list[list[str]]) -> None:
        self._lines: str | None = None
        self._comments, self._rows, self._words = comments, rows, words

    @classmethod
    def of_lines(cls, lines: str) -> Sentence:
        """A sentence from its lines in a valid file, without the final empty line."""
        sentence = cls.__new__(cls)
        sentence._lines = lines
        return sentence

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and self.lines == other.lines

    def __repr__(self) -> str:
        return f"Sentence.of_lines({self.lines!r})"

    @property
    def lines(self) -> str:
        """The lines of the sentence in a file, without the final empty line."""
        if self._lines is None:
            return "\n".join([*self._comments, *map("\t".join, self._rows)])
        return self._lines

    @property
    def comments(self) -> list[str]:
        """The comments; changes of the list change the sentence."""
        self._split()
        return self._comments

    @property
    def rows(self) -> list[list[str]]:
        """The rows; changes of them change the sentence."""
        self._split()
        return self._rows

    @property
    def words(self) -> list[list[str]]:
        """The rows of words; changes of them change the sentence."""
        self._split()
        return self._words

    def _split(self) -> None:
        """Split the lines into mutable lists."""
        if self._lines is None:
            return
        start = _first_row(self._lines)
        self._comments = self._lines[:start].split("\n")[:-1]
        self._rows = [row.split("\t") for row in self._lines[start:].split("\n")]
        self._words = [row for row in self._rows if row[ID].isdigit()]
        self._lines = None

    def column(self, column: int) -> list[str]:
        """One column of all words."""
        return self.columns(column)[0]

    def columns(self, *columns: int) -> list[list[str]]:
        """Some columns of all words."""
        if self._lines is None:
            return [[word[column] for word in self._words] for column in columns]
        cells = _cells(self._lines[_first_row(self._lines) :])
        found = [cells[column::10] for column in columns]
        are_words = _are_words(cells)
        return found if all(are_words) else [list(compress(part, are_words)) for part in found]

    @property
    def forms(self) -> list[str]:
        """The form of each word."""
        return self.column(FORM)

    @property
    def heads(self) -> list[int]:
        """1-based head of each word, 0 for the root."""
        return list(map(int, self.column(HEAD)))

    @property
    def sent_id(self) -> str | None:
        """The value of the ``# sent_id`` comment."""
        if self._lines is None:
            comments = self._comments
        else:
            comments = self._lines[: _first_row(self._lines)].split("\n")
        values = (c.partition("=")[2] for c in comments if name_of_comment(c) == "sent_id")
        return next(map(str.strip, values), None)

    def with_columns(self, columns: dict[int, Sequence[str]]) -> Sentence:
        """A copy with some columns of the words replaced.

        Args:
            columns: column → values of all words.
        """
        lines = self.lines
        start = _first_row(lines)
        cells = _cells(lines[start:])
        places = range(0, len(cells), 10)
        are_words = _are_words(cells)
        if not all(are_words):
            places = list(compress(places, are_words))
        for column, values in columns.items():
            for place, value in zip(places, values, strict=True):
                cells[place + column] = value
        rows = zip(*[iter(cells)] * 10, strict=True)
        return Sentence.of_lines(lines[:start] + "\n".join(map("\t".join, rows)))


_first_row_after = re.compile(r"(?:#[^\n]*\n)*").match


def _first_row(lines: str) -> int:
    """Offset of the first row, after the comments."""
    return _first_row_after(lines).end()


def _cells(rows: str) -> list[str]:
    return rows.replace("\n", "\t").split("\t")


def _are_words(cells: list[str]) -> list[bool]:
    """Which rows are words, by their ID."""
    return list(map(str.isdigit, cells[ID::10]))


def name_of_comment(comment: str) -> str:
    """The name in a comment ``# name = value``."""
    return comment[1:].partition("=")[0].strip()


def written_rows(rows: Iterable[Sequence[str]]) -> list[bool]:
    """Which rows form the text: ranges instead of their words, and no empty nodes."""
    found, last = [], 0
    for row in rows:
        first, dash, end = row[ID].partition("-")
        found.append(bool(dash) or ("." not in first and int(first) > last))
        last = int(end) if dash else last
    return found


def read_conllu(path: Path | str) -> list[Sentence]:
    """All sentences of a file.

    Args:
        path: path of a CoNLL-U file in UTF-8; Windows line endings are accepted.

    Raises:
        InputError: the file is missing, not UTF-8, or malformed; the message names the line and the
            reason.
    """
    text = read_text_lines(path)
    if text and text != "\n" and not text.endswith("\n\n"):
        raise InputError(
            f"{path}:{text.count(chr(10)) + 1}: the file ends inside a sentence, an empty line is "
            "missing; is the download complete?"
        )
    sentences = list(_sentences(text, path))
    if not sentences:
        raise InputError(f"{path}:1: the file holds no sentence")
    return sentences


def _sentences(text: str, path: Path | str) -> Iterator[Sentence]:
    number = 1
    for block in _blocks(text):
        found = find_sentences(block)
        columns = (found.starts, found.ends, found.lines, found.valid)
        for start, end, lines, valid in zip(*(c.tolist() for c in columns), strict=True):
            sentence = block[start:end]
            if not valid:
                check_sentence(sentence.split("\n") if lines else [], path, number)
            yield Sentence.of_lines(sentence)
            number += lines + 1


def _blocks(text: str) -> Iterator[str]:
    """Blocks of whole sentences that fit the CPU cache."""
    start = 0
    while start < len(text):
        found = text.find("\n\n", start + _BLOCK)
        end = found + 2 if found >= 0 else len(text)
        yield text[start:end]
        start = end


def write_conllu(path: Path | str, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a file, atomically."""
    write_lines(path, (f"{sentence.lines}\n" for sentence in sentences))
