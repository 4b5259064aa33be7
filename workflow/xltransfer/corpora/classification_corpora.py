"""The catalogue of corpora of sentences with labels. Light, because the Snakefile reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import InputError
from .corpus_files import GENERATED, CorpusWithFiles, check_corpus, read_corpora_with_files
from .table_reader import check_choices

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


@dataclass(frozen=True, kw_only=True)
class ClassificationCorpus(CorpusWithFiles):
    """A corpus of sentences, or of pairs of sentences, with labels.

    Attributes:
        layout: layout of its files, one of ``LAYOUTS``.
    """

    layout: str

    @property
    def labels(self) -> str:
        """What its labels say, ``""`` if that is not known."""
        return LAYOUTS[self.layout]


def read_classification_corpora(directory: Path) -> dict[str, ClassificationCorpus]:
    """The catalogue of these corpora by code, as ``read_corpora_with_files`` reads it."""
    return read_corpora_with_files(directory, "classification", COLUMNS, _corpus)


def _corpus(row: dict[str, str], place: str) -> ClassificationCorpus:
    check_corpus(row, place, ["language"])
    check_choices(row, {"layout": LAYOUTS}, place)
    if (row["layout"] == EMBEDDED) != row["corpus"].endswith(GENERATED):
        raise InputError(
            f"{place}: corpora whose code ends with {GENERATED}, and no others, have the layout "
            f"{EMBEDDED}; correct code or layout"
        )
    return ClassificationCorpus(code=row["corpus"], **{name: row[name] for name in COLUMNS[1:]})
