"""Reading, checking and writing CoNLL-U (https://universaldependencies.org/format.html).

A sentence keeps every row and comment it was read with, so writing it again gives the same bytes:
multiword tokens, empty nodes and enhanced dependencies pass through. What is checked is what later
stages rely on: a wrong tree is refused here, with file and line, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import read_text, replacing

ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC = range(10)
"""Columns of a row."""


@dataclass(slots=True)
class Sentence:
    """One sentence of a treebank.

    Attributes:
        comments: lines that start with ``#``, without the line end.
        rows: every row in file order, multiword tokens and empty nodes included; ten columns each.
        words: the rows that are syntactic words (integer ID), in order; the same lists as in
            ``rows``.
    """

    comments: list[str]
    rows: list[list[str]]
    words: list[list[str]]

    def column(self, column: int) -> list[str]:
        """One column of all words."""
        return [word[column] for word in self.words]

    @property
    def forms(self) -> list[str]:
        """The form of each word."""
        return self.column(FORM)

    @property
    def heads(self) -> list[int]:
        """1-based head of each word, 0 for the root."""
        return [int(word[HEAD]) for word in self.words]

    @property
    def sent_id(self) -> str | None:
        """The value of the ``# sent_id`` comment."""
        return next((c.partition("=")[2].strip() for c in self.comments if _is_sent_id(c)), None)

    def with_columns(self, columns: dict[int, Sequence[str]]) -> Sentence:
        """A copy in which some columns of the words are replaced.

        Args:
            columns: column → a value per word.
        """
        rows = [list(row) for row in self.rows]
        words = [row for row in rows if row[ID].isdigit()]
        for column, values in columns.items():
            for word, value in zip(words, values, strict=True):
                word[column] = value
        return Sentence(self.comments, rows, words)


def _is_sent_id(comment: str) -> bool:
    return comment[1:].partition("=")[0].strip() == "sent_id"


def read_conllu(path: Path | str) -> list[Sentence]:
    """All sentences of a file.

    Args:
        path: a CoNLL-U file in UTF-8; Windows line ends are accepted.

    Raises:
        InputError: the file is missing, not UTF-8, or breaks the format; the message names the
            line and the reason.
    """
    text = read_text(path)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    if lines.pop() != "" or (lines and lines[-1] != ""):
        raise InputError(
            f"{path}:{len(lines) + 1}: the file ends inside a sentence, an empty line is missing; "
            "is the download complete?"
        )
    sentences = list(_sentences(lines, path))
    if not sentences:
        raise InputError(f"{path}:1: the file holds no sentence")
    return sentences


def _sentences(lines: list[str], path: Path | str) -> Iterator[Sentence]:
    comments: list[str] = []
    rows: list[list[str]] = []
    words: list[list[str]] = []
    for number, line in enumerate(lines, start=1):
        if line == "":
            if not words:
                raise InputError(f"{path}:{number}: an empty line without a sentence before it")
            _check_tree(words, rows, path, number - len(rows))
            yield Sentence(comments, rows, words)
            comments, rows, words = [], [], []
        elif line[0] == "#" and not rows:
            comments.append(line)
        else:
            row = line.split("\t")
            if _is_word(row, len(words) + 1, path, number):
                words.append(row)
            rows.append(row)


def _is_word(row: list[str], expected: int, path: Path | str, number: int) -> bool:
    """Check one row and say whether it is a syntactic word."""
    if len(row) != 10:
        raise InputError(f"{path}:{number}: {len(row)} columns instead of 10, separated by tabs")
    if not row[FORM].strip():
        raise InputError(f"{path}:{number}: empty FORM; unknown forms are written '_'")
    identifier = row[ID]
    if identifier == str(expected):
        return True
    if identifier.isdecimal():
        raise InputError(f"{path}:{number}: ID {identifier} where {expected} should come")
    if "-" in identifier:
        first, _, last = identifier.partition("-")
        if not (first.isdecimal() and last.isdecimal()) or not expected <= int(first) <= int(last):
            raise InputError(f"{path}:{number}: '{identifier}' is no range of words to come")
        return False
    word, _, copy = identifier.partition(".")
    if not (word.isdecimal() and copy.isdecimal()) or int(word) != expected - 1:
        raise InputError(f"{path}:{number}: ID '{identifier}' is not an integer, range or decimal")
    return False


def _check_tree(
    words: list[list[str]], rows: list[list[str]], path: Path | str, first_line: int
) -> None:
    """Heads must be integers in range and form one tree with one root."""
    count = len(words)
    heads = [0] * (count + 1)
    roots = 0
    for position, word in enumerate(words, start=1):
        text = word[HEAD]
        head = int(text) if text.isdecimal() else -1
        if not 0 <= head <= count:
            where = first_line + next(i for i, row in enumerate(rows) if row is word)
            problem = "is not an integer" if head < 0 else f"is beyond the last word, {count}"
            raise InputError(f"{path}:{where}: HEAD '{text}' of word {position} {problem}")
        heads[position] = head
        roots += head == 0
    if roots != 1:
        raise InputError(
            f"{path}:{first_line}: the sentence has {roots or 'no'} roots (words with HEAD 0), "
            "it must have one"
        )
    seen = [0] * (count + 1)
    for start in range(1, count + 1):
        position = start
        while position and not seen[position]:
            seen[position] = start
            position = heads[position]
        if position and seen[position] == start:
            raise InputError(f"{path}:{first_line}: the heads of word {position} form a cycle")


def write_conllu(path: Path | str, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a file, which appears only once it is complete."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        for sentence in sentences:
            lines = [*sentence.comments, *("\t".join(row) for row in sentence.rows)]
            file.write("\n".join(lines) + "\n\n")
