"""The catalogue of corpora of questions. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    LANGUAGE,
    check_code,
    check_path,
    check_prefix,
    check_text,
)
from .corpus_files import SPLITS, CorpusFile, read_corpus_files
from .table_reader import read_table

COLUMNS = (
    *("corpus", "language", "question_language", "name", "licence"),
    *("normalisation", "articles", "identifiers"),
)
CHOICES = {"normalisation": ("squad", "mlqa"), "articles": ("all", "by_article")}
GENERATED = "_embedded"
"""Suffix of the codes of corpora that the embedded world generates; they have no rows here."""


@dataclass(frozen=True)
class QuestionCorpus:
    """A corpus of questions about passages.

    Attributes:
        code: short name that starts with the code of the language of passages (``en_xquad``).
        language: code of the language of passages.
        question_language: code of the language of questions.
        name: name of its folder at the publisher and in mirrors (``XQuAD``).
        licence: SPDX-like identifier.
        normalisation: rules by which answers are compared, ``squad`` or ``mlqa``.
        articles: ``all`` articles of each file, or a share of them (``by_article``), if one file is
            split into all parts (``questions.part_of``).
        identifiers: text with which the identifiers of its questions start, if a file has questions
            of several languages; ``""`` otherwise.
        files: files by split; empty for the embedded world, which has all splits.
    """

    code: str
    language: str
    question_language: str
    name: str
    licence: str
    normalisation: str
    articles: str
    identifiers: str
    files: dict[str, CorpusFile] = field(default_factory=dict)

    @property
    def splits(self) -> tuple[str, ...]:
        """The existing splits among train, dev and test."""
        if self.code.endswith(GENERATED):
            return SPLITS
        return tuple(split for split in SPLITS if split in self.files)


def read_question_corpora(directory: Path) -> dict[str, QuestionCorpus]:
    """The catalogue of corpora of questions by code.

    Args:
        directory: folder of ``question_corpora.tsv`` and ``question_files.tsv``, with the columns
            ``COLUMNS`` and ``corpus_files.FILE_COLUMNS``.

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a code or a part, has an invalid
            value, or gives one file two origins; names the line. The caller checks that languages
            exist.
    """
    corpora: dict[str, QuestionCorpus] = {}
    for place, row in read_table(directory / "question_corpora.tsv", COLUMNS):
        corpus = _corpus(row, place)
        if corpus.code in corpora:
            raise InputError(f"{place}: '{corpus.code}' stands in the table twice; remove one row")
        corpora[corpus.code] = corpus
    published = {code: corpus for code, corpus in corpora.items() if not code.endswith(GENERATED)}
    read_corpus_files(directory / "question_files.tsv", published)
    return corpora


def _corpus(row: dict[str, str], place: str) -> QuestionCorpus:
    code = check_code(CORPUS, row["corpus"], place, "corpus")
    for column in ("language", "question_language"):
        check_code(LANGUAGE, row[column], place, column)
    check_prefix(code, [row["language"]], place, "corpus")
    check_path(row["name"], place, "name")
    check_text(row["licence"], place, "licence")
    for column, choices in CHOICES.items():
        if row[column] not in choices:
            raise InputError(f"{place}: {column} '{row[column]}' is none of {', '.join(choices)}")
    if row["identifiers"]:
        check_path(row["identifiers"], place, "identifiers")
    return QuestionCorpus(code, **{column: row[column] for column in COLUMNS[1:]})
