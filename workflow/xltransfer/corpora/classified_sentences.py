"""Sentences, or pairs of sentences, with a label: the workflow's own format.

A file is a table with tabs and a header line, ``id sentence1 sentence2 label``. The second sentence
is empty in all lines, or in none. Texts have no tabs or line ends: ``one_line`` replaces all white
space, which has no effect on models, because sentences are read as words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines, write_lines

HEADER = ("id", "sentence1", "sentence2", "label")
LONGEST_LABEL = 100
"""Maximum characters of a label; a longer one indicates another column."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_classified(path: Path) -> bool:
    """Whether a table is one of sentences with labels, by its header line."""
    with open(path, "rb") as file:
        return file.readline().rstrip(b"\r\n") == "\t".join(HEADER).encode()


@dataclass(slots=True)
class ClassifiedSentence:
    """A sentence, or a pair of sentences, with its label.

    Attributes:
        identifier: identifier, which translations share.
        first: the sentence, or the first one of a pair (the premise).
        second: the second sentence of a pair (the hypothesis); empty for single sentences.
        label: gold label or, in predictions, predicted label.
    """

    identifier: str
    first: str
    second: str
    label: str
    comments: list[str] = field(default_factory=list)

    @property
    def forms(self) -> list[str]:
        """The words of the sentence or of both sentences, separated by white space."""
        return [*self.first.split(), *self.second.split()]

    @property
    def sent_id(self) -> str:
        """The identifier."""
        return self.identifier


def one_line(text: str) -> str:
    """A text whose white space and control characters are single blanks."""
    return " ".join(_CONTROL.sub(" ", text).split())


def read_classified(path: Path | str) -> list[ClassifiedSentence]:
    """All sentences of a file, in order.

    Args:
        path: file of the workflow, in UTF-8.

    Raises:
        InputError: the file cannot be read, has another header or no sentence; or a line has
            another number of columns, a text that is no line of words, no label, or an identifier
            of a line above; or only some lines are pairs. Names the line.
    """
    header, *lines = read_text_lines(path).removesuffix("\n").split("\n")
    if tuple(header.split("\t")) != HEADER:
        raise InputError(f"{path}:1: the header is not {' '.join(HEADER)}, separated by tabs")
    found: dict[str, ClassifiedSentence] = {}
    for number, line in enumerate(lines, start=2):
        cells, place = line.split("\t"), f"{path}:{number}"
        if len(cells) != len(HEADER):
            raise InputError(f"{place}: not {len(HEADER)} columns, separated by tabs")
        sentence = checked(ClassifiedSentence(*cells), place)
        if sentence.identifier in found:
            raise InputError(f"{place}: '{sentence.identifier[:60]}' occurs twice; remove one line")
        found[sentence.identifier] = sentence
        if bool(sentence.second) != bool(next(iter(found.values())).second):
            raise InputError(f"{place}: only some lines have a second sentence; correct the line")
    if not found:
        raise InputError(f"{path}: there is no sentence in the file; add one")
    return list(found.values())


def write_classified(path: Path | str, sentences: Sequence[ClassifiedSentence]) -> None:
    """Write sentences as ``read_classified`` reads them."""
    write_lines(path, map("\t".join, (HEADER, *map(_cells, sentences))))


def checked(sentence: ClassifiedSentence, place: str) -> ClassifiedSentence:
    """A sentence whose texts are on one line.

    Args:
        sentence: the sentence.
        place: file and line, for messages.

    Raises:
        InputError: a text has other white space, the identifier, the first text or the label is
            empty, or the label is too long.
    """
    for column, text in zip(HEADER, _cells(sentence), strict=True):
        if one_line(text) != text:
            raise InputError(
                f"{place}: {column} has control characters or white space other than single "
                "blanks; remove them"
            )
        if not text and column != "sentence2":
            raise InputError(f"{place}: {column} is empty; correct the line")
    if len(sentence.label) > LONGEST_LABEL:
        raise InputError(
            f"{place}: the label '{sentence.label[:40]}…' has more than {LONGEST_LABEL} "
            "characters; is this the column of labels?"
        )
    return sentence


def _cells(sentence: ClassifiedSentence) -> tuple[str, str, str, str]:
    return sentence.identifier, sentence.first, sentence.second, sentence.label
