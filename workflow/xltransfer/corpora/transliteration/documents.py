"""Transliteration of files: treebanks, named entities and raw text.

Annotations stay aligned, because every word is transliterated separately and stays one word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from itertools import compress
from pathlib import Path
from typing import Any

from ...runtime.errors import InputError
from ...runtime.files import replacing
from ..conllu import (
    FORM,
    ID,
    LEMMA,
    Sentence,
    name_of_comment,
    read_conllu,
    write_conllu,
    written_rows,
)
from ..iob import TaggedSentence, read_iob2, write_iob2
from .transliterator import Transliterator

_BATCH = 1 << 20
"""Bytes of raw text transliterated at a time."""


class Document:
    """Transliterates the words of one file.

    Args:
        transliterator: transliterator, which counts characters of words but not of comments.
        lemmas: whether to transliterate lemmas as well.
    """

    def __init__(self, transliterator: Transliterator, lemmas: bool = False) -> None:
        self._transliterator = transliterator
        self._lemmas = lemmas
        self.words = 0
        self.kept_words = 0
        self.texts = 0
        self.unaligned_texts = 0

    def report(self) -> dict[str, Any]:
        """Counts of words and of texts (``# text``).

        ``kept``: words that would have become empty. ``unaligned``: texts that are not the sequence
        of their words, and were transliterated separately.
        """
        return {
            "words": {"total": self.words, "kept": self.kept_words},
            "texts": {"total": self.texts, "unaligned": self.unaligned_texts},
        }

    def sentence(self, sentence: Sentence) -> Sentence:
        """Transliterate a treebank sentence: forms of words, ranges and empty nodes, and text."""
        rows = [list(row) for row in sentence.rows]
        for row in rows:
            row[FORM] = self._word(row[FORM])
            if self._lemmas:
                row[LEMMA] = self._word(row[LEMMA])
        pairs = compress(zip(sentence.rows, rows, strict=True), written_rows(rows))
        spelled = [(old[FORM], new[FORM]) for old, new in pairs]
        comments = self._comments(sentence.comments, spelled)
        return Sentence(comments, rows, [row for row in rows if row[ID].isdigit()])

    def tagged(self, sentence: TaggedSentence) -> TaggedSentence:
        """Transliterate a sentence with named entities: tokens and text."""
        forms = [self._word(form) for form in sentence.forms]
        spelled = list(zip(sentence.forms, forms, strict=True))
        return TaggedSentence(self._comments(sentence.comments, spelled), forms, sentence.tags)

    def _word(self, word: str) -> str:
        """Transliterate a word, unless the result is empty or ``_``, which means no word."""
        self.words += 1
        spelled = self._transliterator.text(word)
        if spelled.strip() and (spelled != "_" or word == "_"):
            return spelled
        self.kept_words += 1
        return word

    def _comments(self, comments: list[str], spelled: list[tuple[str, str]]) -> list[str]:
        return [
            self._text(one, spelled) if name_of_comment(one) == "text" else one for one in comments
        ]

    def _text(self, comment: str, spelled: list[tuple[str, str]]) -> str:
        """The text comment with each word replaced as in the rows."""
        self.texts += 1
        name, _, text = comment.partition("=")
        aligned = _replaced(text, spelled)
        if aligned is None:
            self.unaligned_texts += 1
            aligned = self._transliterator.uncounted(text)
        return f"{name}={aligned}"


def transliterate_treebank(source: Path, output: Path, document: Document) -> None:
    """Transliterate a CoNLL-U file.

    Raises:
        InputError: it is missing or malformed; names the line.
    """
    write_conllu(output, map(document.sentence, read_conllu(source)))


def transliterate_entities(source: Path, output: Path, document: Document) -> None:
    """Transliterate a file of tokens with IOB2 tags.

    Raises:
        InputError: it is missing or malformed; names the line.
    """
    write_iob2(output, map(document.tagged, read_iob2(source)))


def transliterate_text(
    source: Path,
    output: Path,
    text: Callable[[str], str],
    stays: Callable[[str], bool] | None = None,
) -> int:
    """Transliterate raw text in chunks of lines, with bounded memory.

    Args:
        source: path of a text in UTF-8.
        output: path of the kept lines.
        text: function that transliterates some lines.
        stays: function that decides whether a transliterated line is written; by default all are.

    Returns:
        Number of lines read.

    Raises:
        InputError: the file is missing or not UTF-8; names the line.
    """
    lines = 0
    try:
        file = open(source, "rb")  # noqa: SIM115 - closed below, errors of opening are the user's
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror})") from None
    with file, replacing(output) as temporary, open(temporary, "wb") as result:
        while batch := b"".join(file.readlines(_BATCH)):
            try:
                decoded = batch.decode("utf-8-sig" if lines == 0 else "utf-8")
            except UnicodeDecodeError as error:
                # Not `batch`: a byte-order mark at the start of the file is not counted.
                data, start = error.object, error.start
                line = lines + 1 + data.count(b"\n", 0, start)
                raise InputError(
                    f"{source}:{line}: byte 0x{data[start]:02x} is not UTF-8; convert the file to "
                    "UTF-8"
                ) from None
            spelled = text(decoded)
            if stays is not None:
                spelled = "".join(filter(stays, StringIO(spelled, newline="\n")))
            result.write(spelled.encode())
            lines += batch.count(b"\n") + (not batch.endswith(b"\n"))
    return lines


def _replaced(text: str, spelled: Iterable[tuple[str, str]]) -> str | None:
    """A text with its words replaced; ``None`` if it does not consist of these words in order."""
    parts: list[str] = []
    position = 0
    for old, new in spelled:
        start = position
        while start < len(text) and text[start].isspace():
            start += 1
        if not text.startswith(old, start):
            return None
        parts += (text[position:start], new)
        position = start + len(old)
    parts.append(text[position:])
    return None if parts[-1].strip() else "".join(parts)
