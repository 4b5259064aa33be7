"""The catalogue of corpora of sentences with labels. Light, because the Snakefile reads it."""

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

COLUMNS = ("corpus", "language", "name", "licence", "layout")
EMBEDDED = "embedded"
"""Layout of corpora that the embedded world generates."""
LAYOUTS = {
    "xnli": "inference",
    "xnli-json-lines": "inference",
    "xnli-hub": "inference",
    "paws-x": "paraphrase",
    "paws-x-hub": "paraphrase",
    "sib-200": "topic",
    "table": "",
    EMBEDDED: "embedded topic",
}
"""What the labels of each layout say, ``""`` for any labels; ``corpora/classification_layouts.py``
reads the files."""


@dataclass(frozen=True)
class ClassificationCorpus:
    """A corpus of sentences, or of pairs of sentences, with labels.

    Attributes:
        code: short name that starts with the code of its language (``en_xnli``).
        language: code of its language.
        name: name of its folder at the publisher and in mirrors.
        licence: SPDX-like identifier.
        layout: layout of its files, one of ``LAYOUTS``.
        files: files by split; empty for the embedded world, which has all splits.
    """

    code: str
    language: str
    name: str
    licence: str
    layout: str
    files: dict[str, CorpusFile] = field(default_factory=dict)

    @property
    def labels(self) -> str:
        """What its labels say, ``""`` if that is not known."""
        return LAYOUTS[self.layout]

    @property
    def splits(self) -> tuple[str, ...]:
        """The existing splits among train, dev and test."""
        if self.layout == EMBEDDED:
            return SPLITS
        return tuple(split for split in SPLITS if split in self.files)


def read_classification_corpora(directory: Path) -> dict[str, ClassificationCorpus]:
    """The catalogue of corpora of sentences with labels, by code.

    Args:
        directory: folder of ``classification_corpora.tsv`` and ``classification_files.tsv``, with
            the columns ``COLUMNS`` and ``corpus_files.FILE_COLUMNS``.

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a code or a part, has an invalid
            value, or gives one file two origins; names the line. The caller checks that languages
            exist.
    """
    corpora: dict[str, ClassificationCorpus] = {}
    for place, row in read_table(directory / "classification_corpora.tsv", COLUMNS):
        corpus = _corpus(row, place)
        if corpus.code in corpora:
            raise InputError(f"{place}: '{corpus.code}' stands in the table twice; remove one row")
        corpora[corpus.code] = corpus
    published = {code: corpus for code, corpus in corpora.items() if corpus.layout != EMBEDDED}
    read_corpus_files(directory / "classification_files.tsv", published)
    return corpora


def _corpus(row: dict[str, str], place: str) -> ClassificationCorpus:
    code = check_code(CORPUS, row["corpus"], place, "corpus")
    check_code(LANGUAGE, row["language"], place, "language")
    check_prefix(code, [row["language"]], place, "corpus")
    check_path(row["name"], place, "name")
    check_text(row["licence"], place, "licence")
    if row["layout"] not in LAYOUTS:
        raise InputError(f"{place}: layout '{row['layout']}' is none of {', '.join(LAYOUTS)}")
    if (row["layout"] == EMBEDDED) != code.endswith(f"_{EMBEDDED}"):
        raise InputError(
            f"{place}: corpora whose code ends with _{EMBEDDED}, and no others, have the layout "
            f"{EMBEDDED}; correct code or layout"
        )
    return ClassificationCorpus(code, **{column: row[column] for column in COLUMNS[1:]})
