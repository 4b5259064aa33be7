"""The catalogue of corpora of questions. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    LANGUAGE,
    check_checksum,
    check_code,
    check_path,
    check_prefix,
    check_text,
    check_url,
)
from .table_reader import read_table

SPLITS = ("train", "dev", "test")
COLUMNS = (
    *("corpus", "language", "question_language", "name", "licence"),
    *("normalisation", "articles", "identifiers"),
)
FILE_COLUMNS = ("corpus", "split", "file", "checksum", "url")
CHOICES = {"normalisation": ("squad", "mlqa"), "articles": ("all", "by_article")}
GENERATED = "_embedded"
"""Suffix of the codes of corpora that the embedded world generates; they have no rows here."""


@dataclass(frozen=True)
class QuestionFile:
    """The file of a part of a corpus.

    Attributes:
        name: file name in the corpus's folder.
        url: URL of the publication; ``""`` if users provide the file.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        bytes: size, which the catalogue does not have.
    """

    name: str
    url: str
    checksum: str
    bytes: None = None


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
    files: dict[str, QuestionFile] = field(default_factory=dict)

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
            ``COLUMNS`` and ``FILE_COLUMNS``.

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
    _read_files(directory / "question_files.tsv", corpora)
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


def _read_files(path: Path, corpora: dict[str, QuestionCorpus]) -> None:
    """Add the files to their corpora."""
    origins: dict[tuple[str, str], tuple[str, str]] = {}
    for place, row in read_table(path, FILE_COLUMNS):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora or code.endswith(GENERATED):
            raise InputError(f"{place}: no row '{code}' in question_corpora.tsv; add it there")
        if row["split"] not in SPLITS:
            raise InputError(f"{place}: split '{row['split']}' is none of {', '.join(SPLITS)}")
        file = QuestionFile(
            check_path(row["file"], place, "file"),
            check_url(row["url"], place),
            check_checksum(row["checksum"], place),
        )
        corpus, origin = corpora[code], (file.url, file.checksum)
        # Corpora may share a file, and the parts of one may.
        if origins.setdefault((corpus.name, file.name), origin) != origin:
            raise InputError(
                f"{place}: '{file.name}' has another checksum or url in a row above; they are one "
                "download, write the same into both rows"
            )
        if row["split"] in corpus.files:
            raise InputError(f"{place}: '{code}' has two rows of part {row['split']}; remove one")
        corpus.files[row["split"]] = file
