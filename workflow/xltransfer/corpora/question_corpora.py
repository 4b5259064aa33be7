"""The catalogue of corpora of questions. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..runtime.safe_values import check_path
from .corpus_files import CorpusWithFiles, check_corpus, read_corpora_with_files
from .table_reader import check_choices

COLUMNS = (
    *("corpus", "language", "question_language", "name", "licence"),
    *("normalisation", "articles", "identifiers"),
)
CHOICES = {"normalisation": ("squad", "mlqa"), "articles": ("all", "by_article")}


@dataclass(frozen=True, kw_only=True)
class QuestionCorpus(CorpusWithFiles):
    """A corpus of questions about passages in ``language``.

    Attributes:
        question_language: code of the language of questions.
        normalisation: rules by which answers are compared, ``squad`` or ``mlqa``.
        articles: ``all`` articles of each file, or a share of them (``by_article``), if one file is
            split into all parts (``questions.part_of``).
        identifiers: text with which the identifiers of its questions start, if a file has questions
            of several languages; ``""`` otherwise.
    """

    question_language: str
    normalisation: str
    articles: str
    identifiers: str


def read_question_corpora(directory: Path) -> dict[str, QuestionCorpus]:
    """The catalogue of corpora of questions by code, as ``read_corpora_with_files`` reads it."""
    return read_corpora_with_files(directory, "question", COLUMNS, _corpus)


def _corpus(row: dict[str, str], place: str) -> QuestionCorpus:
    check_corpus(row, place, ["language", "question_language"])
    check_choices(row, CHOICES, place)
    if row["identifiers"]:
        check_path(row["identifiers"], place, "identifiers")
    return QuestionCorpus(code=row["corpus"], **{name: row[name] for name in COLUMNS[1:]})
