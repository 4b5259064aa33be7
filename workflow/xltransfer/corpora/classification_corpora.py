"""The catalogue of corpora of sentences with labels. Light, because the Snakefile reads it."""

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
COLUMNS = ("corpus", "language", "name", "licence", "layout")
FILE_COLUMNS = ("corpus", "split", "file", "checksum", "url")
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
class ClassificationFile:
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
    files: dict[str, ClassificationFile] = field(default_factory=dict)

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
            the columns ``COLUMNS`` and ``FILE_COLUMNS``.

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
    _read_files(directory / "classification_files.tsv", corpora)
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


def _read_files(path: Path, corpora: dict[str, ClassificationCorpus]) -> None:
    """Add the files to their corpora."""
    origins: dict[tuple[str, str], tuple[str, str]] = {}
    for place, row in read_table(path, FILE_COLUMNS):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora or corpora[code].layout == EMBEDDED:
            raise InputError(f"{place}: no row '{code}' in classification_corpora.tsv; add it")
        if row["split"] not in SPLITS:
            raise InputError(f"{place}: split '{row['split']}' is none of {', '.join(SPLITS)}")
        file = ClassificationFile(
            check_path(row["file"], place, "file"),
            check_url(row["url"], place),
            check_checksum(row["checksum"], place),
        )
        corpus, origin = corpora[code], (file.url, file.checksum)
        # A file of XNLI has all languages, so corpora share it.
        if origins.setdefault((corpus.name, file.name), origin) != origin:
            raise InputError(
                f"{place}: '{file.name}' has another checksum or url in a row above; they are one "
                "download, write the same into both rows"
            )
        if row["split"] in corpus.files:
            raise InputError(f"{place}: '{code}' has two rows of part {row['split']}; remove one")
        corpus.files[row["split"]] = file
