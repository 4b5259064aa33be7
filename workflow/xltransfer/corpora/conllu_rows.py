"""Validation of CoNLL-U row by row, with error messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..runtime.errors import InputError

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_ID, _FORM, _HEAD = 0, 1, 6
_WITH_SPACES = ("FORM", "LEMMA", "MISC")
"""Columns whose values may contain spaces."""
_PLAIN = "integers are written in ASCII digits, without sign or leading zero"
_is_number = re.compile("0|[1-9][0-9]{0,8}").fullmatch
"""Integers in canonical form, because some stages compare them as strings."""


class OtherRows:
    """The rows of one sentence that are not words: multiword tokens and empty nodes.

    Attributes:
        covered: last word of the multiword tokens so far.
    """

    def __init__(self) -> None:
        self.covered = 0
        self._empty_nodes = (0, 0)

    def problem(self, identifier: str, expected: int) -> str | None:
        """Check the next ID; returns the problem, or ``None``.

        Args:
            identifier: ID of a row that is not the next word.
            expected: number of the next word.
        """
        if _is_number(identifier):
            return f"ID {identifier} where {expected} should come"
        if "-" in identifier:
            return self._problem_of_range(identifier, expected)
        word, dot, copy = identifier.partition(".")
        if not (dot and _is_number(word) and _is_number(copy)):
            return f"ID '{identifier}' is not an integer, range or decimal; {_PLAIN}"
        if int(word) != expected - 1:
            return f"ID '{identifier}' of an empty node is not after word {word}"
        place = self._empty_nodes[1] + 1 if self._empty_nodes[0] == expected else 1
        self._empty_nodes = expected, place
        if int(copy) != place:
            return f"ID '{identifier}' where {word}.{place} should come"
        return None

    def _problem_of_range(self, identifier: str, expected: int) -> str | None:
        first, _, last = identifier.partition("-")
        if not (_is_number(first) and _is_number(last) and expected == int(first) <= int(last)):
            return (
                f"'{identifier}' is no range of words to come, the first of which is {expected}; "
                f"{_PLAIN}"
            )
        if int(first) <= self.covered:
            return f"'{identifier}' overlaps the range before, which ends at {self.covered}"
        self.covered = int(last)
        return None


def check_sentence(lines: Sequence[str], path: Path | str, first_line: int) -> None:
    """Check a sentence line by line.

    Args:
        lines: comments and rows, without line ends.
        path: path of the file, for messages.
        first_line: number of the first of these lines in the file.

    Raises:
        InputError: a line breaks the format, or the heads do not form a tree with one root.
    """
    rows: list[tuple[int, list[str]]] = []
    others = OtherRows()
    widest, words = first_line, 0
    for number, line in enumerate(lines, start=first_line):
        if line[0] == "#" and not rows:
            continue
        row = line.split("\t")
        _check_cells(row, f"{path}:{number}")
        if row[_ID] == str(words + 1):
            words += 1
        elif problem := others.problem(row[_ID], words + 1):
            raise InputError(f"{path}:{number}: {problem}")
        elif "-" in row[_ID]:
            widest = number
        rows.append((number, row))
    if not words:
        raise InputError(
            f"{path}:{first_line + len(lines)}: an empty line without a sentence before it"
        )
    if others.covered > words:
        raise InputError(
            f"{path}:{widest}: '{lines[widest - first_line].partition(chr(9))[0]}' ends beyond the "
            f"last word, {words}"
        )
    check_tree([(number, row[_HEAD]) for number, row in rows if row[_ID].isdigit()], path, rows)


def _check_cells(row: Sequence[str], place: str) -> None:
    if len(row) != len(COLUMNS):
        raise InputError(f"{place}: {len(row)} columns instead of 10, separated by tabs")
    for name, cell in zip(COLUMNS, row, strict=True):
        if not cell.strip():
            raise InputError(f"{place}: empty {name}; what is not known is written '_'")
        if cell[0].isspace() and name not in _WITH_SPACES:
            raise InputError(f"{place}: {name} starts with white space; remove it")


def check_tree(
    words: Sequence[tuple[int, str]], path: Path | str, rows: Sequence[tuple[int, list[str]]]
) -> None:
    """Check that heads are integers in range and form one tree with one root.

    Args:
        words: line and HEAD of each word.
        path: path of the file.
        rows: line and cells of each row.
    """
    count, first_line = len(words), rows[0][0]
    heads = [0] * (count + 1)
    for position, (line, text) in enumerate(words, start=1):
        if not _is_number(text):
            raise InputError(
                f"{path}:{line}: HEAD '{text}' of word {position} is not an integer; {_PLAIN}"
            )
        if int(text) > count:
            raise InputError(
                f"{path}:{line}: HEAD '{text}' of word {position} is beyond the last word, {count}"
            )
        heads[position] = int(text)
    roots = heads.count(0) - 1
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
